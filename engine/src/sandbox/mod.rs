//! Isolated execution of one action at a time on behalf of the engine.
