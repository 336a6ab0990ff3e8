"""What posture does, one function per thing, written against ports."""
