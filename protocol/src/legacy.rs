//! What is left of older ABIs: the toy packets of the first trace that was ever recorded (device.md §15.5).
