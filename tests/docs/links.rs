//! Links lead to pages and sections that are there, and the book has every page.

use std::fs;
use std::path::Path;

use crate::{all_pages, blocks, root, text_of};

/// Links of a page: the target of each `](...)` outside of code.
fn links(page: &str) -> Vec<String> {
    let code: Vec<&str> = blocks(page).into_iter().flat_map(|(_, lines)| lines).collect();
    let prose: Vec<&str> = page.lines().filter(|line| !code.contains(line)).collect();
    let prose = prose.join("\n");
    prose.split("](").skip(1).filter_map(|rest| rest.split(')').next()).map(str::to_owned).collect()
}

/// The name of a section as a link has it.
fn anchor(title: &str) -> String {
    let letters = title.chars().filter(|letter| letter.is_alphanumeric() || " -_".contains(*letter));
    letters.collect::<String>().trim().to_lowercase().replace(' ', "-")
}

fn has_section(page: &str, section: &str) -> bool {
    page.lines().filter_map(|line| line.strip_prefix('#')).any(|title| anchor(title.trim_start_matches('#')) == section)
}

#[test]
fn every_link_leads_somewhere() {
    for page in all_pages() {
        for link in links(&text_of(&page)) {
            if link.starts_with("https://") {
                continue;
            }
            let (path, section) = link.split_once('#').unwrap_or((&link, ""));
            let target = if path.is_empty() { page.clone() } else { page.parent().unwrap().join(path) };
            assert!(
                !link.starts_with(".."),
                "{}: the book and the packages have nothing beside docs/: {link}",
                page.display()
            );
            assert!(root().join(&target).exists(), "{}: {link}", page.display());
            assert!(section.is_empty() || has_section(&text_of(&target), section), "{}: {link}", page.display());
        }
    }
}

#[test]
fn every_table_is_whole() {
    let cells = |row: &str| row.replace("\\|", "").matches('|').count();
    for page in all_pages() {
        let text = text_of(&page);
        let (mut table, mut in_code): (Vec<&str>, bool) = (Vec::new(), false);
        for line in text.lines().chain([""]) {
            in_code ^= line.starts_with("```");
            if !in_code && line.starts_with('|') {
                table.push(line);
                continue;
            }
            let rows = std::mem::take(&mut table);
            let Some(head) = rows.first() else { continue };
            assert!(rows.get(1).is_some_and(|row| row.starts_with("|---")), "{}: no head: {head}", page.display());
            for row in &rows {
                assert_eq!(cells(row), cells(head), "{}: {row}", page.display());
            }
        }
    }
}

#[test]
fn the_book_has_every_page_once() {
    let summary = text_of(Path::new("docs/SUMMARY.md"));
    let mut listed = links(&summary);
    listed.sort();
    let mut pages: Vec<String> = fs::read_dir(root().join("docs"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.ends_with(".md") && name != "SUMMARY.md")
        .collect();
    pages.sort();
    assert_eq!(listed, pages);
}
