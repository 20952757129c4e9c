//! Flow control: every lane has a position of its own.
//!
//! Lanes run in lock step without a stack of masks. Of all lanes those with the deepest call run, among them those with the
//! smallest position; lanes that are ahead wait until the others arrive. Because flow is structured and `continue` leads to
//! the end of its loop, lanes meet again exactly where their paths join, so that quads stay together for derivatives
//! and thread groups reach their barriers together.

use crate::ir::{Op, Stage};
use crate::limits::CALL_DEPTH;
use crate::resources::ClassInstance;
use crate::shader::Step;

use super::machine::Machine;

/// The position of a lane that has returned.
const DONE: usize = usize::MAX;

/// Where each lane is.
#[derive(Debug)]
pub(super) struct Lanes {
    position: Vec<usize>,
    /// How many calls each lane is in.
    depth: Vec<u8>,
    /// Where calls return to: `CALL_DEPTH` a lane, empty for programs without calls.
    returns: Vec<usize>,
}

impl Lanes {
    pub(super) fn new(lanes: usize, has_calls: bool) -> Self {
        Self {
            position: vec![DONE; lanes],
            depth: vec![0; lanes],
            returns: vec![DONE; if has_calls { lanes * CALL_DEPTH } else { 0 }],
        }
    }

    /// Puts every lane at `start`.
    pub(super) fn start(&mut self, start: usize) {
        self.position.fill(start);
        self.depth.fill(0);
    }

    /// Fills `active` with the lanes to run and gives their position and the position at which the next ones wait.
    pub(super) fn schedule(&self, active: &mut Vec<usize>) -> Option<(usize, usize)> {
        let running = || (0..self.position.len()).filter(|&lane| self.position[lane] != DONE);
        let depth = running().map(|lane| self.depth[lane]).max()?;
        active.clear();
        let (mut first, mut limit) = (DONE, DONE);
        for lane in running().filter(|&lane| self.depth[lane] == depth) {
            let position = self.position[lane];
            if position < first {
                active.clear();
                limit = first;
                first = position;
            }
            if position == first {
                active.push(lane);
            } else {
                limit = limit.min(position);
            }
        }
        Some((first, limit))
    }

    /// Sends all these lanes to one position.
    pub(super) fn place_all(&mut self, lanes: &[usize], position: usize) {
        for &lane in lanes {
            self.position[lane] = position;
        }
    }

    fn call(&mut self, lane: usize, target: usize, back: usize) {
        // Validation has bounded the depth.
        self.returns[lane * CALL_DEPTH + usize::from(self.depth[lane])] = back;
        self.depth[lane] += 1;
        self.position[lane] = target;
    }

    fn ret(&mut self, lane: usize) {
        self.position[lane] = match self.depth[lane].checked_sub(1) {
            None => DONE,
            Some(depth) => {
                self.depth[lane] = depth;
                self.returns[lane * CALL_DEPTH + usize::from(depth)]
            }
        };
    }
}

impl Machine<'_, '_> {
    /// Executes flow control: sends every active lane on and returns true, or returns false for everything else.
    pub(super) fn branch(&mut self, step: &Step, position: usize) -> bool {
        let next = position + 1;
        match step.op {
            Op::Endloop => {
                let number = self.code.loop_at(position);
                self.charge(self.code.loop_price(number));
                self.turn(number);
                self.lanes.place_all(&self.active, step.target);
            }
            Op::Else | Op::Break | Op::Continue => self.lanes.place_all(&self.active, step.target),
            // S22.7.1: a lane enters `if` when the test holds, and leaves it otherwise.
            Op::If => self.send(step, |holds| if holds { next } else { step.target }),
            Op::Breakc | Op::Continuec => self.send(step, |holds| if holds { step.target } else { next }),
            Op::Switch => self.switch(step),
            Op::Ret => self.each(|m, lane| m.lanes.ret(lane)),
            Op::Call => {
                self.charge(self.code.section_price(step.target));
                self.each(|m, lane| m.lanes.call(lane, step.target, next));
            }
            Op::Callc => {
                if self.active.iter().any(|&lane| self.test(lane, step)) {
                    self.charge(self.code.section_price(step.target));
                }
                self.each(|m, lane| match m.test(lane, step) {
                    true => m.lanes.call(lane, step.target, next),
                    false => m.lanes.position[lane] = next,
                });
            }
            Op::Retc => self.each(|m, lane| match m.test(lane, step) {
                true => m.lanes.ret(lane),
                false => m.lanes.position[lane] = next,
            }),
            Op::Fcall => self.interface_call(step, next),
            Op::Emit | Op::EmitThenCut | Op::EmitStream | Op::EmitThenCutStream => self.emit(step, next),
            _ => return false,
        }
        true
    }

    /// Counts another turn of a loop.
    fn turn(&mut self, number: usize) {
        // Active lanes are in ascending order.
        let quads = self.active.chunk_by(|a, b| a / 4 == b / 4).count();
        let turns = if self.shader.stage() == Stage::Pixel { quads } else { self.active.len() };
        self.io.turns[number] += turns as u64;
    }

    /// Sends every active lane where its test says.
    fn send(&mut self, step: &Step, position: impl Fn(bool) -> usize) {
        self.each(|m, lane| m.lanes.position[lane] = position(m.test(lane, step)));
    }

    /// Calls `f` for every active lane.
    pub(super) fn each(&mut self, mut f: impl FnMut(&mut Self, usize)) {
        for i in 0..self.active.len() {
            let lane = self.active[i];
            f(self, lane);
        }
    }

    /// A lane is done, as if it had returned from the program.
    pub(super) fn end_lane(&mut self, lane: usize) {
        self.lanes.depth[lane] = 0;
        self.lanes.position[lane] = DONE;
    }

    /// Sends one lane on.
    pub(super) fn place_lane(&mut self, lane: usize, position: usize) {
        self.lanes.position[lane] = position;
    }

    /// `_z` and `_nz` test the raw bits: -0 is not zero (S22.7).
    pub(super) fn test(&self, lane: usize, step: &Step) -> bool {
        (self.source(lane, &step.sources[0])[0] != 0) == step.test_nonzero
    }

    /// S22.7.18: every lane goes to its case, or to the default; cases fall through.
    fn switch(&mut self, step: &Step) {
        let switch = &self.code.switches[step.target];
        self.each(|m, lane| {
            let value = m.source(lane, &step.sources[0])[0];
            let case = switch.cases.iter().find(|(literal, _)| *literal == value);
            m.lanes.position[lane] = case.map_or(switch.default, |(_, position)| *position);
        });
    }

    /// `fcall` (S22.7.19): the class that is bound to the interface slot chooses the body; an element or class that does not
    /// exist calls nothing.
    fn interface_call(&mut self, step: &Step, next: usize) {
        let call = &self.code.interface_calls[step.target];
        let mut reached: Vec<usize> = Vec::new();
        self.each(|m, lane| {
            let element = m.index(lane, &call.element);
            let slot = (element < call.elements as usize).then(|| call.interface + element as u32);
            let class = slot.map(|slot| m.resources.class_instance(slot));
            match class.and_then(|ClassInstance { class, .. }| call.bodies.get(class as usize)) {
                Some(&body) => {
                    m.lanes.call(lane, body, next);
                    if !reached.contains(&body) {
                        reached.push(body);
                    }
                }
                None => m.lanes.position[lane] = next,
            }
        });
        for body in reached {
            self.charge(self.code.section_price(body));
        }
    }
}
