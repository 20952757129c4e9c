//! Every golden triangle and line covers exactly the samples that it should, through a whole pass.

#![allow(clippy::unwrap_used)] // a test fails by panicking

#[allow(dead_code)] // other tests read words
mod goldens;
mod scene;

use std::collections::BTreeMap;

use aerogpu_raster::coverage::sample_positions;
use aerogpu_raster::format::Format;
use aerogpu_raster::primitive::PrimitiveKind;
use scene::{Scene, at, constant_shader, state, vertices};
use serde_json::Value;

const SIZE: u32 = 32;
/// Pixels that everything is moved by, so that nothing is negative.
const SHIFT: i64 = 8;

/// Draws snapped positions and gives the samples of every pixel that was touched.
fn covered(samples: u32, kind: PrimitiveKind, positions: &[[i64; 2]]) -> BTreeMap<[i64; 2], u64> {
    let size = SIZE as f32;
    let position = |p: &[i64; 2]| {
        let [x, y] = p.map(|c| (c + SHIFT * 256) as f32 / 256.0);
        (at([size, size], x, y, 0.5), [])
    };
    let positions: Vec<_> = positions.iter().map(position).collect();
    let mut scene = Scene::new(Format::R8Uint, None, SIZE, SIZE, samples, 16);
    scene.draw_now(state(size, size, Some(constant_shader([1; 4]))), kind, vertices(&positions));
    let mut pixels = BTreeMap::new();
    for (x, y) in (0..SIZE).flat_map(|y| (0..SIZE).map(move |x| (x, y))) {
        let mask = (0..samples).fold(0, |mask, s| mask | u64::from(scene.color.read_texel(x, y, s)[0]) << s);
        if mask != 0 {
            pixels.insert([i64::from(x) - SHIFT, i64::from(y) - SHIFT], mask);
        }
    }
    pixels
}

fn numbers(value: &Value) -> Vec<i64> {
    value.as_array().unwrap().iter().map(|v| v.as_i64().unwrap()).collect()
}

fn table(name: &str) -> Option<Vec<Value>> {
    let tables = goldens::read_folder("raster")?;
    Some(serde_json::from_slice(&tables[name]).unwrap())
}

#[test]
fn triangles() {
    let Some(records) = table("triangles_coverage.json") else { return };
    let mut covered_pixels = 0;
    for record in &records {
        let corners: Vec<[i64; 2]> =
            record[1].as_array().unwrap().iter().map(|p| numbers(p).try_into().unwrap()).collect();
        let samples = record[0].as_u64().unwrap() as u32;
        let expected: BTreeMap<[i64; 2], u64> =
            record[3].as_array().unwrap().iter().map(numbers).map(|p| ([p[0], p[1]], p[2] as u64)).collect();
        let mut drawn = covered(samples, PrimitiveKind::Triangles, &corners);
        drawn.retain(|&[x, y], _| x >= 0 && y >= 0); // the table begins there
        assert_eq!(drawn, expected, "{record}");
        covered_pixels += expected.len();
    }
    println!("raster/triangles_coverage: {} triangles, {covered_pixels} pixels, all equal", records.len());
}

#[test]
fn lines() {
    let Some(records) = table("lines_diamond_exit.json") else { return };
    let mut covered_pixels = 0;
    for record in &records {
        let ends: Vec<i64> = (0..4).map(|i| record[i].as_i64().unwrap()).collect();
        let expected: BTreeMap<[i64; 2], u64> =
            record[4].as_array().unwrap().iter().map(|p| (numbers(p).try_into().unwrap(), 1)).collect();
        let drawn = covered(1, PrimitiveKind::Lines, &[[ends[0], ends[1]], [ends[2], ends[3]]]);
        assert_eq!(drawn, expected, "{record}");
        covered_pixels += expected.len();
    }
    println!("raster/lines_diamond_exit: {} lines, {covered_pixels} pixels, all equal", records.len());
}

#[test]
fn positions() {
    let Some(tables) = goldens::read_folder("raster") else { return };
    let table: BTreeMap<String, Vec<[i8; 2]>> =
        serde_json::from_slice(&tables["sample_positions_16ths.json"]).unwrap();
    for (samples, positions) in &table {
        assert_eq!(sample_positions(samples.parse().unwrap()), positions, "{samples}");
    }
    println!("raster/sample_positions_16ths: {} patterns, all equal", table.len());
}
