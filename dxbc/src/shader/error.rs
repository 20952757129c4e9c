//! Why a program is not a shader.

use crate::ir::{RegisterFile, Stage};

/// The first statement that breaks a rule, and the rule.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("statement {statement} ({mnemonic}): {reason}")]
pub struct ValidationError {
    /// Index into [`Program::statements`](crate::ir::Program::statements); the number of statements for rules of the
    /// whole program.
    pub statement: usize,
    /// The instruction's mnemonic, or `declaration`, `custom data`, `signature`, `program`.
    pub mnemonic: &'static str,
    /// The broken rule.
    pub reason: Reason,
}

/// A rule that a program broke.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Reason {
    /// A bound of [`limits`](crate::limits).
    #[error("{count} {what}, at most {limit} are allowed")]
    TooMany {
        /// What there is too much of.
        what: &'static str,
        /// How many there are.
        count: u64,
        /// How many there may be.
        limit: u64,
    },
    /// The instruction table asks for another number of operands.
    #[error("{found} operands instead of {expected}")]
    OperandCount {
        /// By the table.
        expected: usize,
        /// In the program.
        found: usize,
    },
    /// This register file cannot stand here.
    #[error("operand {operand}: {file:?} cannot be {role} here")]
    Operand {
        /// Which operand, from 0.
        operand: usize,
        /// What it names.
        file: RegisterFile,
        /// The role that it cannot play.
        role: &'static str,
    },
    /// An operand has the wrong number of indices, or an immediate the wrong number of words.
    #[error("{file:?} with {found} indices or words")]
    Indices {
        /// The register file.
        file: RegisterFile,
        /// How many there are.
        found: usize,
    },
    /// A register that no declaration covers.
    #[error("{file:?} register {index} is not declared")]
    Undeclared {
        /// The register file.
        file: RegisterFile,
        /// Its number.
        index: u64,
    },
    /// A register number beyond the limit or beyond what was declared.
    #[error("{file:?} register {index} is out of range, there are {count}")]
    OutOfRange {
        /// The register file.
        file: RegisterFile,
        /// Its number.
        index: u64,
        /// One more than the highest.
        count: u64,
    },
    /// The instruction or declaration is for other stages.
    #[error("not for the {0:?} stage")]
    Stage(Stage),
    /// Flow control that is not nested properly.
    #[error("flow control: {0}")]
    Flow(&'static str),
    /// A label, function body, function table or interface that does not exist.
    #[error("{what} {number} does not exist")]
    Unresolved {
        /// What is called.
        what: &'static str,
        /// Its number.
        number: u64,
    },
    /// A declaration contradicts itself or another one.
    #[error("declaration: {0}")]
    Declaration(&'static str),
    /// Legal Direct3D that this implementation does not execute.
    #[error("{0} is not supported")]
    Unsupported(&'static str),
}
