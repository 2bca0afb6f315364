//! The system a file is for: what its SAT, CFS and BOS accept.

use std::str::FromStr;

use crate::bootprep::schema::Version;

/// The system a file is for. What is not said is the newest there is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Target {
    sat: Option<Version>,
    schema: Option<Version>,
    cfs: Option<Cfs>,
    bos: Option<Version>,
    dialect: Dialect,
}

/// The API of CFS that SAT uses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cfs {
    /// Version 2.
    V2,
    /// Version 3.
    V3,
}

/// Who reads the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Dialect {
    /// SAT.
    #[default]
    Sat,
    /// manta, of CSCS.
    Manta,
}

/// From which SAT on a schema is known, oldest first.
const SCHEMAS: &[(Version, Version)] = &[
    (Version(3, 19, 0), Version(1, 0, 2)),
    (Version(3, 21, 0), Version(1, 0, 3)),
    (Version(3, 22, 0), Version(1, 0, 4)),
    (Version(3, 24, 0), Version(1, 0, 5)),
    (Version(3, 25, 0), Version(1, 0, 6)),
    (Version(3, 27, 0), Version(1, 0, 7)),
    (Version(3, 35, 0), Version(1, 0, 8)),
    (Version(3, 35, 16), Version(1, 0, 9)),
];

impl Target {
    /// The newest schema its SAT knows.
    #[must_use]
    pub fn schema(&self) -> Version {
        let of_sat = |sat: Version| {
            SCHEMAS.iter().rev().find(|(from, _)| *from <= sat).map_or(Version::ASSUMED, |(_, schema)| *schema)
        };
        self.schema.unwrap_or_else(|| self.sat.map_or(Version::NEWEST, of_sat))
    }

    /// Whether anything was said that decides the schema.
    #[must_use]
    pub fn says_schema(&self) -> bool {
        self.schema.is_some() || self.sat.is_some()
    }

    /// Whether its SAT knows layers of a `source`: 3.34.5 brought them without a new version of the schema.
    #[must_use]
    pub fn knows_source_layers(&self) -> bool {
        self.sat.map_or_else(|| self.schema() >= Version(1, 0, 7), |sat| sat >= Version(3, 34, 5))
    }

    /// The API of CFS that its SAT uses; from 3.33 on that is v3 unless SAT is told otherwise.
    #[must_use]
    pub fn cfs(&self) -> Cfs {
        let of_sat = |sat: Version| if sat < Version(3, 33, 0) { Cfs::V2 } else { Cfs::V3 };
        self.cfs.unwrap_or_else(|| self.sat.map_or(Cfs::V3, of_sat))
    }

    /// Its SAT is known to be older than this release.
    #[must_use]
    pub fn sat_before(&self, release: Version) -> bool {
        self.sat.is_some_and(|sat| sat < release)
    }

    /// Its BOS is known to be this release or a later one.
    #[must_use]
    pub fn bos_from(&self, release: Version) -> bool {
        self.bos.is_some_and(|bos| bos >= release)
    }

    /// Who reads the file.
    #[must_use]
    pub fn dialect(&self) -> Dialect {
        self.dialect
    }
}

impl FromStr for Target {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let mut target = Self::default();
        for part in text.split(',').map(str::trim).filter(|part| !part.is_empty()) {
            let expected =
                "expected sat=3.36, schema=1.0.9, cfs=v2 or v3, bos=2.45, dialect=sat or manta, with commas between";
            let (name, value) = part.split_once('=').ok_or_else(|| format!("'{part}': {expected}"))?;
            let version = || release(value).ok_or_else(|| format!("'{value}' is no version; {expected}"));
            match (name, value) {
                ("sat", _) => target.sat = Some(version()?),
                ("schema", _) => {
                    target.schema =
                        Some(value.parse().map_err(|()| format!("'{value}' is no schema version; {expected}"))?);
                }
                ("bos", _) => target.bos = Some(version()?),
                ("cfs", "v2" | "2") => target.cfs = Some(Cfs::V2),
                ("cfs", "v3" | "3") => target.cfs = Some(Cfs::V3),
                ("dialect", "sat") => target.dialect = Dialect::Sat,
                ("dialect", "manta") => target.dialect = Dialect::Manta,
                _ => return Err(format!("'{part}': {expected}")),
            }
        }
        Ok(target)
    }
}

/// A release of one to three numbers. A release named by two numbers means its newest: `sat=3.35` knows what 3.35.16
/// brought.
fn release(text: &str) -> Option<Version> {
    let parts: Vec<u32> = text.split('.').map(|part| part.parse().ok()).collect::<Option<_>>()?;
    match parts.as_slice() {
        [major] => Some(Version(*major, u32::MAX, u32::MAX)),
        [major, minor] => Some(Version(*major, *minor, u32::MAX)),
        [major, minor, patch] => Some(Version(*major, *minor, *patch)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target(text: &str) -> Target {
        text.parse().unwrap()
    }

    #[test]
    fn a_release_of_sat_decides_schema_and_api() {
        assert_eq!((target("sat=3.32").schema(), target("sat=3.32.6").cfs()), (Version(1, 0, 7), Cfs::V2));
        assert_eq!((target("sat=3.35").schema(), target("sat=3.35.0").schema()), (Version(1, 0, 9), Version(1, 0, 8)));
        assert_eq!((target("").schema(), target("").cfs()), (Version::NEWEST, Cfs::V3));
        assert!(!target("sat=3.33").knows_source_layers() && target("sat=3.34.5").knows_source_layers());
    }

    #[test]
    fn what_is_no_target_is_told_what_one_looks_like() {
        for text in ["sat", "sat=x", "cfs=v4", "dialect=yaml", "schema=1.0", "os=2"] {
            let error = text.parse::<Target>().unwrap_err();
            assert!(error.contains("expected sat=3.36"), "{error}");
        }
    }
}
