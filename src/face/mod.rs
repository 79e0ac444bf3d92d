//! Pictures in, face tracks out: find, follow, landmarks, facial actions, head pose, gaze.
