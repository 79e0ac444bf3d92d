//! Sound in, voice tracks out: speech, overlap, who speaks, loudness.
