//! A finding: which rule, where, why, and what to do.

use std::ops::Range;

use serde::Serialize;

use crate::bootprep::Text;
use crate::text::SourceText;
use crate::yaml::change::Change;

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Tidy, not wrong.
    Info,
    /// Likely wrong, or wrong on some systems.
    Warning,
    /// It will fail, or surely do the wrong thing.
    Error,
}

impl Severity {
    /// Its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

/// What a rule needs to know beside the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Needs {
    /// Nothing.
    Nothing,
    /// Variables.
    Variables,
    /// The images in IMS.
    Images,
    /// The configurations in CFS.
    Configurations,
    /// The product catalog.
    Products,
    /// The target dialect is manta.
    Manta,
}

impl Needs {
    /// The flag that gives it.
    #[must_use]
    pub fn flag(self) -> Option<&'static str> {
        match self {
            Self::Nothing => None,
            Self::Variables => Some("--vars-file"),
            Self::Images => Some("--images"),
            Self::Configurations => Some("--configurations"),
            Self::Products => Some("--products"),
            Self::Manta => Some("--target dialect=manta"),
        }
    }
}

/// A file that shows a rule, whole, with what it is checked against.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Example {
    /// The bootprep file.
    pub file: &'static str,
    /// Its variables, if any.
    pub variables: &'static str,
    /// The target, as `--target` takes it.
    pub target: &'static str,
    /// The images in IMS, as `--images` takes them.
    pub images: &'static str,
    /// The configurations in CFS, as `--configurations` takes them.
    pub configurations: &'static str,
    /// The product catalog, as `--products` takes it.
    pub products: &'static str,
}

impl Example {
    /// A file alone.
    #[must_use]
    pub const fn of(file: &'static str) -> Self {
        Self { file, variables: "", target: "", images: "", configurations: "", products: "" }
    }

    /// With variables.
    #[must_use]
    pub const fn variables(mut self, variables: &'static str) -> Self {
        self.variables = variables;
        self
    }

    /// For a target.
    #[must_use]
    pub const fn target(mut self, target: &'static str) -> Self {
        self.target = target;
        self
    }

    /// With the images in IMS.
    #[must_use]
    pub const fn images(mut self, images: &'static str) -> Self {
        self.images = images;
        self
    }

    /// With the configurations in CFS.
    #[must_use]
    pub const fn configurations(mut self, configurations: &'static str) -> Self {
        self.configurations = configurations;
        self
    }

    /// With the product catalog.
    #[must_use]
    pub const fn products(mut self, products: &'static str) -> Self {
        self.products = products;
        self
    }
}

/// A rule. Its id is the same word everywhere: in findings, ignore comments, flags and the documentation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rule {
    /// Its id.
    pub id: &'static str,
    /// How bad what it finds is, at worst.
    pub severity: Severity,
    /// What it finds.
    pub finds: &'static str,
    /// What happens otherwise, and when.
    pub otherwise: &'static str,
    /// What it needs beside the file.
    pub needs: Needs,
    /// A file in which it finds something.
    pub bad: Example,
    /// The same file without that.
    pub good: Example,
}

impl Rule {
    /// A finding of this rule.
    #[must_use]
    pub fn at(&'static self, place: Place, message: impl Into<String>) -> Finding {
        Finding {
            rule: self,
            severity: self.severity,
            message: message.into(),
            range: place.range,
            path: place.path,
            help: None,
            related: Vec::new(),
            fix: None,
            variables_file: None,
        }
    }
}

/// A place in a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The text that is wrong, in bytes.
    pub range: Range<usize>,
    /// Where that is, as people say it: `images[1].base.image_ref`.
    pub path: String,
}

/// A place that has to do with a finding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Related {
    /// Where, in bytes.
    pub range: Range<usize>,
    /// What is there.
    pub message: String,
}

/// A change that mends what was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fix {
    /// What it does.
    pub title: String,
    /// It changes nothing but what is wrong; otherwise a person has to look.
    pub safe: bool,
    /// The change.
    pub change: Change,
}

/// Something a rule found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The rule.
    pub rule: &'static Rule,
    /// How bad it is here.
    pub severity: Severity,
    /// What is wrong.
    pub message: String,
    /// The text that is wrong, in bytes.
    pub range: Range<usize>,
    /// Where that is, as people say it.
    pub path: String,
    /// What to do.
    pub help: Option<String>,
    /// Other places that have to do with it.
    pub related: Vec<Related>,
    /// A change that mends it.
    pub fix: Option<Fix>,
    /// The file of variables it stands in, by its position; none for the bootprep file itself.
    pub variables_file: Option<usize>,
}

impl Finding {
    /// In a file of variables.
    #[must_use]
    pub fn in_variables(mut self, file: usize) -> Self {
        self.variables_file = Some(file);
        self
    }

    /// With another severity than the rule's.
    #[must_use]
    pub fn severity(mut self, severity: Severity) -> Self {
        self.severity = severity;
        self
    }

    /// With what to do.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// With what the text it is about renders to, where that is another text.
    #[must_use]
    pub fn renders_to(self, written: &Text, rendered: &str) -> Self {
        if written.as_str() == rendered { self } else { self.help(format!("it renders to {rendered}")) }
    }

    /// With another place that has to do with it.
    #[must_use]
    pub fn related(mut self, range: Range<usize>, message: impl Into<String>) -> Self {
        self.related.push(Related { range, message: message.into() });
        self
    }

    /// With a change that mends it and nothing else.
    #[must_use]
    pub fn safe_fix(self, title: impl Into<String>, change: Option<Change>) -> Self {
        self.fix(title, true, change)
    }

    /// With a change that probably mends it; a person has to look.
    #[must_use]
    pub fn unsafe_fix(self, title: impl Into<String>, change: Option<Change>) -> Self {
        self.fix(title, false, change)
    }

    fn fix(mut self, title: impl Into<String>, safe: bool, change: Option<Change>) -> Self {
        self.fix = change.map(|change| Fix { title: title.into(), safe, change });
        self
    }

    /// What makes it the same finding in another version of the file: the rule, the path and the words, not the line.
    #[must_use]
    pub fn fingerprint(&self, text: &SourceText) -> String {
        let written = text.as_str().get(self.range.clone()).unwrap_or_default();
        let mut hash = 0xcbf2_9ce4_8422_2325_u64;
        for byte in [self.rule.id, &self.path, written].join("\0").bytes() {
            hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
        format!("{hash:016x}")
    }
}

/// Puts findings in the order of their places, and takes out what was found twice.
pub fn sort(findings: &mut Vec<Finding>) {
    findings.sort_by(|one, other| {
        let key = |finding: &Finding| (finding.range.start, finding.range.end, std::cmp::Reverse(finding.severity));
        key(one).cmp(&key(other)).then_with(|| one.rule.id.cmp(other.rule.id))
    });
    findings.dedup_by(|one, other| {
        one.rule.id == other.rule.id && one.range == other.range && one.message == other.message
    });
}
