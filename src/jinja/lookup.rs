//! What a template asks for, and where it asks for something Jinja2 or its sandbox does not give.

use std::collections::HashSet;
use std::ops::Range;

use minijinja::machinery::{Span, ast, parse};

/// What a template asks for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Inspection {
    /// The variables and attributes it looks up.
    pub lookups: Vec<Lookup>,
    /// What it asks for in vain, whatever the variables are.
    pub slips: Vec<Slip>,
}

/// A variable, or an attribute of one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lookup {
    /// The variable, then attribute by attribute.
    pub names: Vec<String>,
    /// Where it stands in the template, in bytes.
    pub range: Range<usize>,
    /// The template says what to do where there is none: `default(...)`, `is defined`, `or`.
    pub guarded: bool,
    /// It is looked up only if a condition of the template holds.
    pub conditional: bool,
    /// Something is done with the value that fails where there is none: a call, a sum, a comparison of size, an item.
    pub strict: bool,
}

impl Lookup {
    /// The variable.
    #[must_use]
    pub fn root(&self) -> &str {
        self.names.first().map_or("", String::as_str)
    }
}

/// Something a template asks for in vain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Slip {
    /// What.
    pub kind: SlipKind,
    /// Where it stands in the template, in bytes.
    pub range: Range<usize>,
}

/// What a template asks for in vain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SlipKind {
    /// A filter Jinja2 does not have.
    UnknownFilter(String),
    /// A test Jinja2 does not have.
    UnknownTest(String),
    /// An attribute the sandbox keeps back.
    Private(String),
    /// Hyphens in a name, which subtract; and the name as Jinja2 reads it.
    Hyphens {
        /// The variable the subtraction takes away.
        taken_away: String,
        /// The name as it has to be written.
        repaired: String,
    },
    /// A method of Python's texts, which other renderers do not have.
    PythonMethod(String),
}

impl SlipKind {
    /// Whether Jinja2 stops at it.
    #[must_use]
    pub fn is_fatal(&self) -> bool {
        !matches!(self, Self::PythonMethod(_))
    }
}

/// Why a text is no template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SyntaxError {
    /// What is wrong.
    pub what: String,
    /// Where in the text, in bytes.
    pub offset: usize,
}

const FILTERS: &[&str] = &[
    "abs",
    "attr",
    "batch",
    "capitalize",
    "center",
    "count",
    "d",
    "default",
    "dictsort",
    "e",
    "escape",
    "filesizeformat",
    "first",
    "float",
    "forceescape",
    "format",
    "groupby",
    "indent",
    "int",
    "items",
    "join",
    "last",
    "length",
    "list",
    "lower",
    "map",
    "max",
    "min",
    "pprint",
    "random",
    "reject",
    "rejectattr",
    "replace",
    "reverse",
    "round",
    "safe",
    "select",
    "selectattr",
    "slice",
    "sort",
    "string",
    "striptags",
    "sum",
    "title",
    "tojson",
    "trim",
    "truncate",
    "unique",
    "upper",
    "urlencode",
    "urlize",
    "wordcount",
    "wordwrap",
    "xmlattr",
];

const TESTS: &[&str] = &[
    "boolean",
    "callable",
    "defined",
    "divisibleby",
    "eq",
    "equalto",
    "escaped",
    "even",
    "false",
    "filter",
    "float",
    "ge",
    "greaterthan",
    "gt",
    "in",
    "integer",
    "iterable",
    "le",
    "lessthan",
    "lower",
    "lt",
    "mapping",
    "ne",
    "none",
    "number",
    "odd",
    "sameas",
    "sequence",
    "string",
    "test",
    "true",
    "undefined",
    "upper",
];

const GLOBALS: &[&str] = &["range", "lipsum", "dict", "cycler", "joiner", "namespace"];

/// What a template asks for.
///
/// # Errors
/// Text that is no template.
pub fn inspect(template: &str) -> Result<Inspection, SyntaxError> {
    let tree = parse(template, "", Default::default()).map_err(|error| SyntaxError {
        what: error.detail().unwrap_or("not a template").to_owned(),
        offset: error.range().map_or(0, |range| range.start).min(template.len()),
    })?;
    let mut walk =
        Walk { source: template, found: Inspection::default(), own: HashSet::new(), asked: Vec::new(), conditions: 0 };
    walk.statement(&tree);
    let Walk { mut found, own, asked, .. } = walk;
    found.lookups.retain(|lookup| lookup.names.first().is_none_or(|name| !own.contains(name.as_str())));
    for lookup in &mut found.lookups {
        lookup.guarded |= asked.contains(&lookup.names);
    }
    Ok(found)
}

struct Walk<'s> {
    source: &'s str,
    found: Inspection,
    /// Names the template gives itself.
    own: HashSet<String>,
    /// Names it asks whether they are there.
    asked: Vec<Vec<String>>,
    /// Conditions around the present place.
    conditions: usize,
}

fn range(span: Span) -> Range<usize> {
    span.start_offset as usize..span.end_offset as usize
}

impl<'s> Walk<'s> {
    fn statements(&mut self, statements: &[ast::Stmt<'s>]) {
        for statement in statements {
            self.statement(statement);
        }
    }

    fn statement(&mut self, statement: &ast::Stmt<'s>) {
        match statement {
            ast::Stmt::Template(template) => self.statements(&template.children),
            ast::Stmt::EmitExpr(emit) => self.expression(&emit.expr, false),
            ast::Stmt::ForLoop(each) => {
                self.own.insert("loop".into());
                self.target(&each.target);
                self.expression(&each.iter, false);
                self.optional(each.filter_expr.as_ref());
                self.conditions += 1;
                self.statements(&each.body);
                self.statements(&each.else_body);
                self.conditions -= 1;
            }
            ast::Stmt::IfCond(condition) => {
                self.expression(&condition.expr, true);
                self.conditions += 1;
                self.statements(&condition.true_body);
                self.statements(&condition.false_body);
                self.conditions -= 1;
            }
            ast::Stmt::WithBlock(with) => {
                for (target, value) in &with.assignments {
                    self.target(target);
                    self.expression(value, false);
                }
                self.statements(&with.body);
            }
            ast::Stmt::Set(set) => {
                self.target(&set.target);
                self.expression(&set.expr, false);
            }
            ast::Stmt::SetBlock(set) => {
                self.target(&set.target);
                self.statements(&set.body);
            }
            ast::Stmt::FilterBlock(block) => {
                self.expression(&block.filter, false);
                self.statements(&block.body);
            }
            ast::Stmt::Macro(own) => {
                self.own.insert(own.name.to_owned());
                own.args.iter().for_each(|argument| self.target(argument));
                self.statements(&own.body);
            }
            _ => {}
        }
    }

    /// Names that a statement gives.
    fn target(&mut self, target: &ast::Expr<'s>) {
        match target {
            ast::Expr::Var(variable) => {
                self.own.insert(variable.id.to_owned());
            }
            ast::Expr::List(list) => list.items.iter().for_each(|item| self.target(item)),
            ast::Expr::Tuple(tuple) => tuple.items.iter().for_each(|item| self.target(item)),
            _ => {}
        }
    }

    fn optional(&mut self, expression: Option<&ast::Expr<'s>>) {
        if let Some(expression) = expression {
            self.expression(expression, false);
        }
    }

    fn arguments(&mut self, arguments: &[ast::CallArg<'s>]) {
        for argument in arguments {
            match argument {
                ast::CallArg::Pos(value)
                | ast::CallArg::Kwarg(_, value)
                | ast::CallArg::PosSplat(value)
                | ast::CallArg::KwargSplat(value) => self.expression(value, false),
            }
        }
    }

    fn slip(&mut self, kind: SlipKind, span: Span) {
        self.found.slips.push(Slip { kind, range: range(span) });
    }

    /// Something of which a part is needed: where there is none, Jinja2 stops.
    fn strict(&mut self, expression: &ast::Expr<'s>) {
        let before = self.found.lookups.len();
        self.expression(expression, false);
        if let (Some(_), Some(lookup)) = (path(expression), self.found.lookups.get_mut(before)) {
            lookup.strict = true;
        }
    }

    /// Something that is looked at only if a condition holds.
    fn conditional(&mut self, expression: &ast::Expr<'s>, guarded: bool) {
        self.conditions += 1;
        self.expression(expression, guarded);
        self.conditions -= 1;
    }

    fn expression(&mut self, expression: &ast::Expr<'s>, guarded: bool) {
        if let Some(names) = path(expression) {
            let dunder = names.iter().skip(1).find(|name| name.starts_with("__"));
            if let Some(name) = dunder {
                self.slip(SlipKind::Private(name.clone()), expression.span());
            } else {
                let start = start(expression);
                let range = start..range(expression.span()).end;
                let conditional = self.conditions > 0;
                self.found.lookups.push(Lookup { names, range, guarded, conditional, strict: false });
            }
            return;
        }
        match expression {
            ast::Expr::Var(_) | ast::Expr::Const(_) => {}
            ast::Expr::Slice(slice) => {
                self.strict(&slice.expr);
                for part in [&slice.start, &slice.stop, &slice.step] {
                    self.optional(part.as_ref());
                }
            }
            ast::Expr::UnaryOp(operation) => self.expression(&operation.expr, guarded),
            ast::Expr::BinOp(operation) => {
                if let Some((slip, whole)) = self.hyphens(expression) {
                    self.found.slips.push(Slip { kind: slip, range: whole });
                    return;
                }
                match operation.op {
                    ast::BinOpKind::ScOr | ast::BinOpKind::ScAnd => {
                        self.expression(&operation.left, true);
                        self.conditional(&operation.right, guarded);
                    }
                    ast::BinOpKind::Concat | ast::BinOpKind::Eq | ast::BinOpKind::Ne | ast::BinOpKind::In => {
                        self.expression(&operation.left, guarded);
                        self.expression(&operation.right, guarded);
                    }
                    _ => {
                        self.strict(&operation.left);
                        self.strict(&operation.right);
                    }
                }
            }
            ast::Expr::Compare(compare) => {
                use ast::CompareOpKind::{Gt, Gte, Lt, Lte};
                let by_size = compare.ops.iter().any(|operation| matches!(operation.op, Gt | Gte | Lt | Lte));
                for part in std::iter::once(&compare.expr).chain(compare.ops.iter().map(|operation| &operation.expr)) {
                    if by_size {
                        self.strict(part);
                    } else {
                        self.expression(part, guarded);
                    }
                }
            }
            ast::Expr::IfExpr(choice) => {
                self.expression(&choice.test_expr, true);
                self.conditional(&choice.true_expr, guarded);
                if let Some(other) = &choice.false_expr {
                    self.conditional(other, guarded);
                }
            }
            ast::Expr::Filter(filter) => {
                if !FILTERS.contains(&filter.name) {
                    self.slip(SlipKind::UnknownFilter(filter.name.to_owned()), expression.span());
                }
                if let Some(value) = &filter.expr {
                    self.expression(value, guarded || ["default", "d"].contains(&filter.name));
                }
                self.arguments(&filter.args);
            }
            ast::Expr::Test(test) => {
                if !TESTS.contains(&test.name) {
                    self.slip(SlipKind::UnknownTest(test.name.to_owned()), expression.span());
                }
                let asks = ["defined", "undefined", "none"].contains(&test.name);
                if asks {
                    self.asked.extend(path(&test.expr));
                }
                self.expression(&test.expr, guarded || asks);
                self.arguments(&test.args);
            }
            ast::Expr::GetAttr(attribute) => {
                if attribute.name.starts_with("__") {
                    self.slip(SlipKind::Private(attribute.name.to_owned()), expression.span());
                }
                self.expression(&attribute.expr, false);
            }
            ast::Expr::GetItem(item) => {
                self.strict(&item.expr);
                self.expression(&item.subscript_expr, false);
            }
            ast::Expr::Call(call) => {
                match &call.expr {
                    ast::Expr::GetAttr(method) if method.name.starts_with("__") => {
                        self.slip(SlipKind::Private(method.name.to_owned()), expression.span());
                    }
                    ast::Expr::GetAttr(method) => {
                        self.slip(SlipKind::PythonMethod(method.name.to_owned()), expression.span());
                        self.expression(&method.expr, false);
                    }
                    ast::Expr::Var(function) if GLOBALS.contains(&function.id) => {}
                    other => self.strict(other),
                }
                self.arguments(&call.args);
            }
            ast::Expr::List(list) => list.items.iter().for_each(|item| self.expression(item, false)),
            ast::Expr::Tuple(tuple) => tuple.items.iter().for_each(|item| self.expression(item, false)),
            ast::Expr::Map(map) => {
                map.keys.iter().chain(&map.values).for_each(|part| self.expression(part, false));
            }
        }
    }

    /// `slingshot-host-software.version`: Jinja2 subtracts. A subtraction that is meant has blanks around its sign.
    fn hyphens(&self, expression: &ast::Expr<'s>) -> Option<(SlipKind, Range<usize>)> {
        let ast::Expr::BinOp(operation) = expression else { return None };
        if !matches!(operation.op, ast::BinOpKind::Sub) {
            return None;
        }
        let taken_away = path(&operation.right)?.swap_remove(0);
        let whole = start(expression)..range(expression.span()).end;
        let written = self.source.get(whole.clone())?;
        let is_name = |letter: char| letter.is_alphanumeric() || "_-.".contains(letter);
        if !written.chars().all(is_name) || !written.starts_with(|letter: char| letter.is_alphabetic() || letter == '_')
        {
            return None;
        }
        let mut parts = written.split('.');
        let mut repaired = parts.next()?.replace('-', "_");
        for part in parts {
            repaired.push_str(&if part.contains('-') { format!("['{part}']") } else { format!(".{part}") });
        }
        Some((SlipKind::Hyphens { taken_away, repaired }, whole))
    }
}

/// Where an expression begins; an operator's own span begins at its sign.
fn start(expression: &ast::Expr<'_>) -> usize {
    match expression {
        ast::Expr::BinOp(operation) => start(&operation.left),
        ast::Expr::GetAttr(attribute) => start(&attribute.expr),
        ast::Expr::GetItem(item) => start(&item.expr),
        other => range(other.span()).start,
    }
}

/// The names of a plain lookup: a variable and its attributes.
fn path(expression: &ast::Expr<'_>) -> Option<Vec<String>> {
    match expression {
        ast::Expr::Var(variable) => Some(vec![variable.id.to_owned()]),
        ast::Expr::GetAttr(attribute) => {
            let mut names = path(&attribute.expr)?;
            names.push(attribute.name.to_owned());
            Some(names)
        }
        ast::Expr::GetItem(item) => {
            let ast::Expr::Const(key) = &item.subscript_expr else { return None };
            let mut names = path(&item.expr)?;
            names.push(key.value.as_str()?.to_owned());
            Some(names)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lookups(template: &str) -> Vec<(String, bool)> {
        let found = inspect(template).unwrap();
        found.lookups.into_iter().map(|lookup| (lookup.names.join("/"), lookup.guarded)).collect()
    }

    #[test]
    fn lookups_are_told_with_what_guards_them() {
        assert_eq!(lookups("a-{{ a.b['c-d'] }}"), [("a/b/c-d".to_owned(), false)]);
        assert_eq!(lookups("{{ x | default('y') }}"), [("x".to_owned(), true)]);
        assert_eq!(
            lookups("{% if x is defined %}{{ x }}{% endif %}"),
            [("x".to_owned(), true), ("x".to_owned(), true)]
        );
        assert_eq!(
            lookups("{% for l in layers %}{{ l.name }}{{ loop.index }}{% endfor %}"),
            [("layers".to_owned(), false)]
        );
        assert_eq!(lookups("{{ v.split('.')[0] }}"), [("v".to_owned(), false)]);
    }

    #[test]
    fn hyphens_subtract_and_the_repaired_name_does_not() {
        let repaired = |template: &str| match inspect(template).unwrap().slips.as_slice() {
            [Slip { kind: SlipKind::Hyphens { repaired, .. }, range }] => Some((repaired.clone(), range.clone())),
            _ => None,
        };
        assert_eq!(
            repaired("{{ slingshot-host-software.version }}").unwrap(),
            ("slingshot_host_software.version".to_owned(), 3..34)
        );
        assert_eq!(repaired("x{{default.system-name}}").unwrap(), ("default['system-name']".to_owned(), 3..22));
        assert_eq!(repaired("{{ a - b }}"), None);
        assert_eq!(repaired("{{ a-1 }}"), None);
    }

    #[test]
    fn what_jinja2_does_not_have_is_a_slip() {
        for (template, kind) in [
            ("{{ a | nope }}", SlipKind::UnknownFilter("nope".into())),
            ("{{ a is nope }}", SlipKind::UnknownTest("nope".into())),
            ("{{ a.__class__.__mro__ }}", SlipKind::Private("__class__".into())),
            ("{{ a.split('.') }}", SlipKind::PythonMethod("split".into())),
        ] {
            let slips = inspect(template).unwrap().slips;
            assert_eq!(slips.len(), 1, "{template}");
            assert_eq!(slips[0].kind, kind);
        }
        assert!(inspect("{{a}").is_err() && inspect("{{ a b }}").is_err() && inspect("{% if %}").is_err());
    }
}
