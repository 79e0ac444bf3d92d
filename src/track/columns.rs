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

/// `motion`, shares 0 to 1 of the person's part of the picture that moved: all of it, the head's, that of hands and lap.
pub const MOTION: [&str; 3] = ["energy", "head", "lower"];

/// `pose`: picture pixels; of each point x, y and how visible it is, 0 to 1. Left and right are the person's own. A point
/// that is not visible has neither x nor y. A hand is the middle between its first and last knuckle.
pub const POSE: [&str; 33] = [
    "face_x",
    "face_y",
    "face_height",
    "left_shoulder_x",
    "left_shoulder_y",
    "left_shoulder_visible",
    "right_shoulder_x",
    "right_shoulder_y",
    "right_shoulder_visible",
    "left_elbow_x",
    "left_elbow_y",
    "left_elbow_visible",
    "right_elbow_x",
    "right_elbow_y",
    "right_elbow_visible",
    "left_wrist_x",
    "left_wrist_y",
    "left_wrist_visible",
    "right_wrist_x",
    "right_wrist_y",
    "right_wrist_visible",
    "left_hand_x",
    "left_hand_y",
    "left_hand_visible",
    "right_hand_x",
    "right_hand_y",
    "right_hand_visible",
    "left_hip_x",
    "left_hip_y",
    "left_hip_visible",
    "right_hip_x",
    "right_hip_y",
    "right_hip_visible",
];
