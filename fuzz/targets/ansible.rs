//! The log of an ansible container, held against the layers of a configuration.

use incfg::cfs::AnsibleText;
use incfg::line::Dialect;
use incfg_fuzz::reading::{PLAIN, Way, statements};
use incfg_fuzz::winter::{CONFIGURATION, GRAMMAR};

fn read(data: &[u8], way: Way) -> AnsibleText {
    let mut ansible = AnsibleText::default();
    statements(data, Dialect::Ansible, &GRAMMAR, way, |said| ansible.take(said));
    ansible
}

/// Holds what is promised against these bytes.
pub fn promise(data: &[u8]) {
    let ansible = read(data, PLAIN);
    // Every line as Kubernetes stamps it says the same.
    if !data.contains(&b'\r') && !data.ends_with(b"\n") {
        let stamped: Vec<Vec<u8>> =
            data.split(|byte| *byte == b'\n').map(|line| [b"2024-02-01T09:00:00.123456789Z ", line].concat()).collect();
        let stamped = read(&stamped.join(&b'\n'), PLAIN);
        assert_eq!(stamped.layers.len(), ansible.layers.len());
        assert_eq!(stamped.failing().map(|(position, _)| position), ansible.failing().map(|(position, _)| position));
    }
    let Some((position, layer)) = ansible.failing() else { return };
    assert_eq!(&ansible.layers[position], layer);
    match CONFIGURATION.index_of(&ansible, position) {
        Ok(index) => assert!(index < CONFIGURATION.layers.len()),
        Err(why) => assert!(!why.is_empty()),
    }
}
