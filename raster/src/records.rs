//! The records of a pass, in pieces: where many are made at once, they stay.

use std::mem;
use std::ops::Index;

use crate::record::Record;
use crate::setup::SetUp;

/// Records by number. Numbers grow from draw to draw, with gaps. It keeps its memory when it is emptied.
#[derive(Debug, Default)]
pub(crate) struct Records {
    pieces: Vec<Piece>,
    len: usize,
    /// Memory for copies, and for what is handed over.
    spare_copies: Vec<Vec<Record>>,
    spare: Vec<Vec<Record>>,
}

#[derive(Debug)]
struct Piece {
    records: Vec<Record>,
    /// The draw that all of them were handed over with; copies know theirs.
    draw: Option<u32>,
}

impl Records {
    const BITS: u32 = 13;
    /// Records of a piece.
    const MOST: usize = 1 << Self::BITS;
    /// Fewer are copied.
    const WORTH_A_PIECE: usize = 256;

    /// How many records there are.
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    /// Appends what a draw was set up to, behind so many other gradients, and returns the number of its first record. Perhaps
    /// its records are taken, and it has other memory for the next ones.
    pub(crate) fn append(&mut self, set_up: &mut SetUp, draw: u32, gradients: usize) -> usize {
        let count = set_up.records.len();
        self.len += count;
        let full =
            (Self::WORTH_A_PIECE..=Self::MOST).contains(&count) && set_up.records.capacity() <= 2 * count;
        if full && set_up.gradients.is_empty() {
            let records = mem::replace(&mut set_up.records, self.spare.pop().unwrap_or_default());
            self.pieces.push(Piece { records, draw: Some(draw) });
            return (self.pieces.len() - 1) << Self::BITS;
        }
        let first = match self.pieces.last() {
            Some(Piece { records, draw: None }) => ((self.pieces.len() - 1) << Self::BITS) + records.len(),
            _ => self.pieces.len() << Self::BITS,
        };
        let mut rest = &set_up.records[..];
        while !rest.is_empty() {
            let piece = self.open_piece();
            let (now, later) = rest.split_at(rest.len().min(Self::MOST - piece.len()));
            let copies = piece.len();
            piece.extend_from_slice(now);
            piece[copies..].iter_mut().for_each(|record| record.belong_to(draw, gradients));
            rest = later;
        }
        first
    }

    /// The last piece, if there is room for copies, or a new one.
    fn open_piece(&mut self) -> &mut Vec<Record> {
        let is_open = |piece: &Piece| piece.draw.is_none() && piece.records.len() < Self::MOST;
        if !self.pieces.last().is_some_and(is_open) {
            let records = self.spare_copies.pop().unwrap_or_default();
            self.pieces.push(Piece { records, draw: None });
        }
        let last = self.pieces.len() - 1;
        &mut self.pieces[last].records
    }

    /// The draw of a record.
    #[inline]
    pub(crate) fn draw(&self, number: usize) -> u32 {
        self.pieces[number >> Self::BITS].draw.unwrap_or_else(|| self[number].draw)
    }

    pub(crate) fn clear(&mut self) {
        self.len = 0;
        for mut piece in self.pieces.drain(..) {
            piece.records.clear();
            let spare = if piece.draw.is_some() { &mut self.spare } else { &mut self.spare_copies };
            spare.push(piece.records);
        }
    }
}

impl Index<usize> for Records {
    type Output = Record;

    #[inline]
    fn index(&self, number: usize) -> &Record {
        &self.pieces[number >> Self::BITS].records[number & (Self::MOST - 1)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::Shape;

    fn record(primitive: u32) -> Record {
        Record {
            shape: Shape::Triangle,
            front: true,
            tests: 0,
            xy: [[0; 2]; 3],
            z: [0.0; 3],
            vertices: [0; 3],
            leading: 0,
            draw: 0,
            primitive,
            gradients: u32::MAX,
        }
    }

    /// Few are copied, many handed over, and too many copied into several pieces.
    #[test]
    fn every_record_is_found_by_its_number() {
        let mut records = Records::default();
        for _ in 0..2 {
            let sizes = [10, 300, 5, 0, 20_000, 8192, 7, 256];
            let mut set_up = SetUp::default();
            let firsts: Vec<usize> = (0..)
                .zip(sizes)
                .map(|(draw, size)| {
                    set_up.records.clear();
                    set_up.records.extend((0..size).map(|i| record(1000 * draw + i)));
                    records.append(&mut set_up, draw, 3)
                })
                .collect();
            for ((draw, size), first) in (0..).zip(sizes).zip(firsts) {
                for i in 0..size {
                    let number = first + i as usize;
                    assert_eq!((records.draw(number), records[number].primitive), (draw, 1000 * draw + i));
                    assert_eq!(records[number].gradients, u32::MAX);
                }
            }
            assert_eq!(records.len(), sizes.iter().sum::<u32>() as usize);
            records.clear();
        }
    }
}
