//! Lines of a log in each of its dialects. What is said depends neither on threads, nor on where a piece or a read ends,
//! and no line that a line kind takes is passed over.

use incfg::cfs::AnsibleText;
use incfg::iuf::IufText;
use incfg::line::Dialect;
use incfg::sat::SatText;
use incfg_fuzz::reading::{PLAIN, SEARCHED, Way, nothing_is_passed_over, statements, told};
use incfg_fuzz::winter::{CONFIGURATION, GRAMMAR};

/// Holds what is promised against these bytes.
pub fn promise(data: &[u8]) {
    let [first, size, data @ ..] = data else { return };
    let dialect = [Dialect::Iuf, Dialect::Pod, Dialect::Ansible][usize::from(first % 3)];
    let plain = told(data, dialect, &GRAMMAR, PLAIN);
    let piece_bytes = usize::from(*size) + 1;
    let way = match first / 3 % 4 {
        0 => Way { threads: 1, piece_bytes, read_bytes: Some(usize::from(first / 12)) },
        1 => Way { threads: 2, piece_bytes: 64 * piece_bytes, read_bytes: Some(100) },
        2 => Way { threads: 1, piece_bytes, read_bytes: None },
        _ => Way { threads: 2, piece_bytes: piece_bytes.max(data.len() / 16), read_bytes: None },
    };
    assert_eq!(told(data, dialect, &GRAMMAR, way), plain, "{way:?}");
    nothing_is_passed_over(data, dialect, &GRAMMAR, &SEARCHED);
    let (mut iuf, mut sat, mut ansible) = (IufText::default(), SatText::default(), AnsibleText::default());
    statements(data, dialect, &GRAMMAR, PLAIN, |said| {
        iuf.take(said.clone());
        sat.take(said.clone());
        ansible.take(said);
    });
    iuf.finish();
    sat.finish();
    for image in sat.images() {
        assert_eq!(sat.image(&image.name).map(|found| &found.name), Some(&image.name));
    }
    if let Some((position, layer)) = ansible.failing() {
        assert_eq!(&ansible.layers[position], layer);
        match CONFIGURATION.index_of(&ansible, position) {
            Ok(index) => assert!(index < CONFIGURATION.layers.len()),
            Err(why) => assert!(!why.is_empty()),
        }
    }
    // The same text once more says nothing new.
    let mut both = sat.clone();
    both.absorb(sat.clone());
    let names = |text: &SatText| text.images().iter().map(|image| image.name.clone()).collect::<Vec<_>>();
    assert_eq!(names(&both), names(&sat));
}
