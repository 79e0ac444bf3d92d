//! What the made people say. All invented.

use attune::track::Who;

const C: Who = Who::Client;
const T: Who = Who::Therapist;

/// Who, from, to (seconds), text.
pub const VIGNETTE: &[(Who, f64, f64, &str)] = &[
    (T, 0.8, 5.6, "Hello, good to see you. How has the week been since we last met?"),
    (
        C,
        6.3,
        16.9,
        "It was all right. Work was busy, and on Thursday I had dinner with my sister, for the first time in a while.",
    ),
    (T, 13.0, 13.4, "Mhm."),
    (T, 17.4, 20.1, "And how was the dinner?"),
    (
        C,
        20.8,
        33.5,
        "Nice, mostly. We talked about the house, and about who is going to take the garden over. And then about my father, because he had promised to call and he did not.",
    ),
    (T, 34.0, 37.2, "He had promised, and then the phone did not ring."),
    (C, 37.6, 41.0, "Yes. I had even stayed at home for it."),
    (T, 42.0, 47.4, "When you say that he did not call, what comes up for you?"),
    (C, 48.3, 48.9, "Nothing."),
    (T, 53.9, 60.2, "How did that feel, waiting at home in the evening?"),
    (C, 61.3, 61.9, "Fine."),
    (T, 66.1, 72.6, "Could you tell me more about that evening, what went on inside?"),
    (C, 73.7, 74.4, "I don't know."),
    (
        T,
        79.3,
        88.4,
        "I notice that your face changed just now, as if something in my questions was hard. I wonder whether I pushed you a little. Did I miss something?",
    ),
    (
        C,
        90.6,
        104.0,
        "Maybe. I felt pushed, I think. It is not nothing. It hurts more than I say, and when you ask like that I feel like a child who waits at the window.",
    ),
    (T, 104.8, 108.3, "A child who waits at the window. That hurts."),
    (
        C,
        108.9,
        131.0,
        "Yes. It makes me sad, and then angry, because I should know by now. But I notice that I always stay at home again when he says he will call, and afterwards I am ashamed of it.",
    ),
    (T, 131.8, 137.0, "And today you told me, although I was pushing. What is it like to say it here?"),
    (
        C,
        137.8,
        156.5,
        "Strange. A bit better. I thought you would say that it is no big thing. It is good that you saw it, I would not have said anything.",
    ),
    (T, 157.2, 161.0, "Thank you for telling me. I will try to be slower."),
    (
        C,
        164.2,
        178.8,
        "That would help. Sometimes I need a moment before I find the word, and then the next question is already there and I give up.",
    ),
    (T, 179.6, 184.9, "Good to know. How will I see that you need a moment?"),
    (C, 186.0, 187.1, "Hard to say."),
    (
        C,
        191.9,
        204.2,
        "I think I look down. And I press my lips together, my sister says that I have done it since I was small.",
    ),
    (T, 205.0, 209.6, "So when I see that, I could wait, or ask whether I should."),
    (
        C,
        210.1,
        222.7,
        "Waiting is better. If you ask, I have to answer again. But yes, if you see it, just wait, I will come back to it.",
    ),
    (T, 223.3, 228.4, "Agreed. Shall we go back to that evening for a moment, slowly?"),
    (C, 229.8, 237.9, "Yes. I had cooked, actually. I had set the table for two."),
];

pub const QUESTIONS: &[&str] = &[
    "What comes up for you when you say that?",
    "How did that feel for you in that moment?",
    "Can you tell me a little more about that evening?",
    "So it sounds as if you were on your own with it again.",
    "And what did you want to happen then?",
    "You said last time that you would talk to her. What became of that?",
];

pub const SHORT: &[&str] = &["Nothing.", "Fine.", "I don't know.", "Not really.", "No."];

pub const STORIES: &[&str] = &[
    "I came home and the kitchen was as I had left it, and I sat down and thought that somebody should have been there.",
    "My sister says that I make too much of it, and maybe she is right, but it did not feel small to me.",
    "We drove to the lake, and for an hour it was good, nobody had to say anything.",
    "At work they asked me twice whether I was all right, and I said yes both times.",
    "I was angry, and then I was ashamed of being angry, and then it was evening.",
    "He called on Sunday as if nothing had happened, and I talked about the weather.",
];
