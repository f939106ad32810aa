"""Long measurements and the proof that tests and lint find what they should; `make prove` writes their pages into docs/."""
