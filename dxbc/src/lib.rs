//! Direct3D shader bytecode: containers, one intermediate form, assembler, interpreters.
