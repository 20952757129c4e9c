//! The crate's account of the ABI and the published one are the same, name by name and number by number.

#![allow(clippy::unwrap_used)] // a test fails by panicking

mod common;

use aerogpu_protocol::abi_table::{self, StructAbi};
use serde_json::{Map, Value};
use std::collections::BTreeMap;

#[test]
fn abi_is_the_published_one() {
    let Some(path) = common::shared("abi/aerogpu-abi.json") else { return };
    let published: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    let mut constants: BTreeMap<String, u64> = BTreeMap::new();
    for (name, value) in abi_table::constants() {
        assert_eq!(constants.insert(name.clone(), value), None, "{name} stands twice in the crate's table");
    }
    let mut structs: BTreeMap<&str, StructAbi> =
        abi_table::structs().into_iter().map(|layout| (layout.name, layout)).collect();
    let (mut values, mut layouts, mut fields) = (0, 0, 0);
    let mut check_values = |listed: &Map<String, Value>| {
        for (name, value) in listed {
            let ours = constants.remove(name).unwrap_or_else(|| panic!("the crate lacks {name}"));
            assert_eq!(Some(ours), value.as_u64(), "{name}");
            values += 1;
        }
    };
    for header in published["files"].as_array().unwrap() {
        let known = ["constants", "enums", "header", "structs"];
        assert!(
            header.as_object().unwrap().keys().all(|key| known.contains(&key.as_str())),
            "new kind of item"
        );
        check_values(header["constants"].as_object().unwrap());
        for listed in header["enums"].as_object().unwrap().values() {
            check_values(listed.as_object().unwrap());
        }
        for layout in header["structs"].as_array().unwrap() {
            let name = layout["name"].as_str().unwrap();
            let ours = structs.remove(name).unwrap_or_else(|| panic!("the crate lacks struct {name}"));
            fields += check_struct(&ours, layout);
            layouts += 1;
        }
    }
    assert!(constants.is_empty(), "not in the published ABI: {constants:?}");
    assert!(structs.is_empty(), "not in the published ABI: {:?}", structs.keys());
    println!("abi: {values} constants, {layouts} structs, {fields} fields checked");
}

/// Compares size and fields; gives the number of fields.
fn check_struct(ours: &StructAbi, published: &Value) -> usize {
    let number = |value: &Value| value.as_u64().and_then(|n| usize::try_from(n).ok()).unwrap();
    assert_eq!(ours.size, number(&published["size"]), "size of {}", ours.name);
    let published: Vec<_> = published["fields"]
        .as_array()
        .unwrap()
        .iter()
        .map(|f| (snake_case(f["name"].as_str().unwrap()), number(&f["offset"]), number(&f["size"])))
        .collect();
    let ours_fields: Vec<_> = ours.fields.iter().map(|f| (f.name.to_owned(), f.offset, f.size)).collect();
    assert_eq!(ours_fields, published, "fields of {}", ours.name);
    published.len()
}

/// `MetaHandle` to `meta_handle`; names that are snake case already stay; keywords get an underscore.
fn snake_case(name: &str) -> String {
    let mut snake = String::new();
    for (i, c) in name.char_indices() {
        if c.is_ascii_uppercase() && i > 0 {
            snake.push('_');
        }
        snake.push(c.to_ascii_lowercase());
    }
    if snake == "type" { "type_".to_owned() } else { snake }
}
