//! Names of the columns of the face tracks: the one list for those who measure, read and make up such tracks.

/// `face_actions`: MediaPipe's 52 facial actions in the order of its network's output, 0 to 1; left and right are the
/// person's own.
pub const FACE_ACTIONS: [&str; 52] = [
    "_neutral",
    "browDownLeft",
    "browDownRight",
    "browInnerUp",
    "browOuterUpLeft",
    "browOuterUpRight",
    "cheekPuff",
    "cheekSquintLeft",
    "cheekSquintRight",
    "eyeBlinkLeft",
    "eyeBlinkRight",
    "eyeLookDownLeft",
    "eyeLookDownRight",
    "eyeLookInLeft",
    "eyeLookInRight",
    "eyeLookOutLeft",
    "eyeLookOutRight",
    "eyeLookUpLeft",
    "eyeLookUpRight",
    "eyeSquintLeft",
    "eyeSquintRight",
    "eyeWideLeft",
    "eyeWideRight",
    "jawForward",
    "jawLeft",
    "jawOpen",
    "jawRight",
    "mouthClose",
    "mouthDimpleLeft",
    "mouthDimpleRight",
    "mouthFrownLeft",
    "mouthFrownRight",
    "mouthFunnel",
    "mouthLeft",
    "mouthLowerDownLeft",
    "mouthLowerDownRight",
    "mouthPressLeft",
    "mouthPressRight",
    "mouthPucker",
    "mouthRight",
    "mouthRollLower",
    "mouthRollUpper",
    "mouthShrugLower",
    "mouthShrugUpper",
    "mouthSmileLeft",
    "mouthSmileRight",
    "mouthStretchLeft",
    "mouthStretchRight",
    "mouthUpperUpLeft",
    "mouthUpperUpRight",
    "noseSneerLeft",
    "noseSneerRight",
];

/// `mouth_shape`, in distances between the outer eye corners.
pub const MOUTH_SHAPE: [&str; 5] = ["corner_down", "mouth_width", "lips_open", "lower_lip_to_chin", "lip_thickness"];

/// `head_pose`, degrees.
pub const HEAD_POSE: [&str; 3] = ["yaw", "pitch", "roll"];

/// `gaze`, degrees.
pub const GAZE: [&str; 2] = ["yaw", "pitch"];

/// `face_box`, picture pixels.
pub const FACE_BOX: [&str; 4] = ["x", "y", "width", "height"];

/// `face_quality`: scores 0 to 1, the width in picture pixels, blur 0 to 1, quality 0 to 1.
pub const FACE_QUALITY: [&str; 5] = ["detector", "presence", "width_px", "blur", "quality"];
