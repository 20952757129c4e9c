//! The tessellator against the golden tables: every point and every index, bit for bit.

use std::io::Read;
use std::path::PathBuf;

use aerogpu::pipeline::tessellator::{Domain, Partitioning, Tessellation, TessellatorOutput, tessellate};

const PARTITIONINGS: [Partitioning; 4] =
    [Partitioning::Integer, Partitioning::Pow2, Partitioning::FractionalOdd, Partitioning::FractionalEven];
const OUTPUTS: [TessellatorOutput; 4] = [
    TessellatorOutput::Point,
    TessellatorOutput::Line,
    TessellatorOutput::TriangleClockwise,
    TessellatorOutput::TriangleCounterClockwise,
];

/// The bytes of a golden file that are still to be read.
struct Table {
    bytes: Vec<u8>,
    at: usize,
}

impl Table {
    fn open(name: &str) -> Option<Self> {
        let default = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared");
        let shared = std::env::var_os("AEROGPU_SHARED").map_or(default, PathBuf::from);
        let file = std::fs::File::open(shared.join("goldens/tess").join(name)).ok()?;
        let mut bytes = Vec::new();
        flate2::read::GzDecoder::new(file).read_to_end(&mut bytes).expect("a gzip file");
        assert_eq!(&bytes[..8], b"TESSGLD1");
        Some(Self { bytes, at: 8 })
    }

    fn word(&mut self) -> u32 {
        let word = self.bytes[self.at..].first_chunk().expect("a word");
        self.at += 4;
        u32::from_le_bytes(*word)
    }

    fn index(&mut self) -> u32 {
        let index = self.bytes[self.at..].first_chunk().expect("an index");
        self.at += 2;
        u16::from_le_bytes(*index).into()
    }
}

/// Compares every record of a file; `components` coordinates of a point are recorded. Returns records, points and indices.
fn compare(name: &str, domain: Domain, components: usize) -> Option<[usize; 3]> {
    let mut table = Table::open(name)?;
    assert_eq!(table.word(), domain as u32 + 1);
    let records = table.word() as usize;
    let mut counts = [records, 0, 0];
    let mut result = Tessellation::default();
    for record in 0..records {
        let partitioning = PARTITIONINGS[table.word() as usize - 1];
        let mut factors = [0.0; 6];
        let count = table.word() as usize;
        factors[..count].fill_with(|| f32::from_bits(table.word()));
        let points: Vec<Vec<u32>> =
            (0..table.word()).map(|_| (0..components).map(|_| table.word()).collect()).collect();
        for output in OUTPUTS {
            assert_eq!(table.word(), output as u32 + 1);
            let count = table.word();
            let indices: Vec<u32> = (0..count).map(|_| table.index()).collect();
            table.at += 2 * (count as usize & 1);
            if output == TessellatorOutput::Line && domain != Domain::Isoline {
                continue; // a debugging aid of the reference, not a mode of Direct3D
            }
            tessellate(domain, partitioning, output, &factors, &mut result);
            let what = format!("{name} record {record}: {partitioning:?} {output:?} {factors:?}");
            let bits: Vec<Vec<u32>> =
                result.points.iter().map(|p| p[..components].iter().map(|c| c.to_bits()).collect()).collect();
            assert_eq!(bits, points, "{what}");
            assert_eq!(result.indices, indices, "{what}");
            counts[2] += indices.len();
        }
        counts[1] += points.len();
    }
    assert_eq!(table.at, table.bytes.len(), "{name} has more bytes than its records");
    Some(counts)
}

#[test]
fn every_point_and_index_of_the_golden_tables() {
    let tables = [
        ("tess_isoline.bin.gz", Domain::Isoline, 2),
        ("tess_tri.bin.gz", Domain::Triangle, 3),
        ("tess_quad.bin.gz", Domain::Quad, 2),
    ];
    for (name, domain, components) in tables {
        match compare(name, domain, components) {
            Some([records, points, indices]) => {
                println!("{name}: {records} records, {points} points and {indices} indices are equal");
            }
            None => println!("SKIPPED {name}: the shared folder is absent (set AEROGPU_SHARED)"),
        }
    }
}
