"""The tools met with broken input and sudden death, from outside: see docs/reliability.md."""
