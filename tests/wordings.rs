//! From words to codes: short made dialogues, whose every step is run (patterns, markers, rules), so that a rule that never
//! meets its words is noticed. The dialogues were written for this test; they show that parts fit, not that codes are right.

#![allow(clippy::unwrap_used, reason = "a test says what broke by panicking")]

#[path = "support/voices.rs"]
mod voices;

use std::collections::BTreeSet;
use std::sync::OnceLock;

use attune::config::Config;
use attune::engine::interpret::interpret;
use attune::engine::prepared::Prepared;
use attune::markers::SpokenTurn;
use attune::time::{SessionTime, Span};
use attune::track::Who;
use voices::{WORDS_PER_SEC, voices};

fn prepared() -> &'static Prepared {
    static PREPARED: OnceLock<Prepared> = OnceLock::new();
    PREPARED.get_or_init(|| Prepared::read(Config::embedded()).unwrap())
}

/// Ordinary talk, so that it is known what is usual for these two.
const BEFORE: &[&str] = &[
    "T: How was the train on the way to the office this morning?",
    "C: The train to the office was full this morning, so I stood in the corridor next to a man with two bicycles.",
    "T: Which way do you take from the station to the office?",
    "C: From the station I take the small road along the canal, and the office is behind the bridge with the red lamps.",
    "T: What do you have for lunch at the office?",
    "C: For lunch I have bread with cheese, and the office has a kitchen where somebody always makes coffee for the floor.",
    "T: Who works at the desk next to the window?",
    "C: At the desk next to the window works Tom, who waters the plants and keeps the list of the birthdays in a drawer.",
    "T: Where does the printer stand now?",
    "C: The printer stands in the corridor now, next to the door, and it makes a noise that one can hear at the window.",
    "T: When does the meeting on Monday begin?",
    "C: The meeting on Monday begins at nine, and the room has twelve chairs, a table, and a large clock on the wall.",
    "T: What colour is the new carpet in the meeting room?",
    "C: The new carpet in the meeting room is green with grey lines, and the old carpet lies rolled up behind the stairs.",
    "T: How many people come by bicycle?",
    "C: Seven people come by bicycle, and the bicycles stand under the roof behind the kitchen next to the large bins.",
    "T: What does the house across the road look like?",
    "C: The house across the road has a yellow door, small balconies, and a garden with a fence that leans to the left.",
    "T: Which bus goes to the harbour?",
    "C: The bus number four goes to the harbour, past the market hall and the school, every twenty minutes or so.",
    "T: What is on the shelf in the kitchen?",
    "C: On the shelf in the kitchen stand cups, a tin with tea, the sugar, and a plant that has lost most leaves.",
];

/// `T: words` or `C: words`; a line of dots is a silence of so many seconds. Codes found after the ordinary talk, in English.
fn found(lines: &[&str]) -> BTreeSet<String> {
    found_in("en", BEFORE, lines)
}

fn found_in(language: &str, before: &[&str], lines: &[&str]) -> BTreeSet<String> {
    let (mut at, mut turns, mut from) = (0.5, Vec::new(), 0.0);
    for (number, line) in before.iter().chain(lines).enumerate() {
        if number == before.len() {
            from = at;
        }
        if line.starts_with('.') {
            at += line.len() as f64;
            continue;
        }
        let (who, text) = line.split_once(": ").unwrap();
        let who = if who == "T" { Who::Therapist } else { Who::Client };
        let end = at + (text.split_whitespace().count() as f64 / WORDS_PER_SEC).max(0.4);
        let span = Span::new(SessionTime::from_secs_f64(at), SessionTime::from_secs_f64(end)).unwrap();
        turns.push(SpokenTurn { who, span, text: text.to_owned(), confidence: 1.0 });
        at = end + 0.2;
    }
    let session = Span::new(SessionTime::ZERO, SessionTime::from_secs_f64(at + 1.0)).unwrap();
    let prepared = prepared();
    let patterns = &prepared.languages.get(language).unwrap().patterns;
    let tracks = voices(&turns, session);
    let words = (Some(&turns[..]), Some(patterns));
    let run =
        interpret(&tracks, session, words, prepared, (&prepared.episodes, &Default::default()), 7, &mut Vec::new())
            .unwrap();
    let late = run.hits.into_iter().filter(|hit| hit.span.end().secs_f64() > from);
    late.map(|hit| hit.code).collect()
}

/// The first dialogue must give the code, the second must not.
fn told_apart(code: &str, hit: &[&str], look_alike: &[&str]) {
    let codes = found(hit);
    assert!(codes.contains(code), "{code} is not found in {hit:#?}, but {codes:?}");
    let codes = found(look_alike);
    assert!(!codes.contains(code), "{code} is found in {look_alike:#?}");
}

#[test]
fn ordinary_talk_holds_next_to_nothing() {
    let codes = found_in("en", &[], BEFORE);
    let straining: Vec<&String> =
        codes.iter().filter(|code| ["rs", "en", "xt"].iter().any(|p| code.starts_with(p))).collect();
    assert!(straining.is_empty() && codes.len() <= 3, "{codes:?}");
}

#[test]
fn reflecting_on_oneself_and_others() {
    told_apart(
        "rf01",
        &[
            "T: What do you make of it?",
            "C: I think I always believed I was the lazy one, because my father said it so often, and I wonder whether that was ever true.",
        ],
        &[
            "T: What do you make of it?",
            "C: I think the lamp is broken, because it flickers, and somebody should buy a new one before the winter comes.",
        ],
    );
    told_apart(
        "rf02",
        &[
            "T: What was it like for her?",
            "C: Maybe she thought that I was angry with her, I guess, because I never called her back that week.",
        ],
        &[
            "T: What was it like for her?",
            "C: She thought that I was angry with her, and she told all the neighbours about it on the stairs.",
        ],
    );
    told_apart(
        "rf03",
        &[
            "T: What happened then?",
            "C: I felt so lonely when he closed the door, because nobody was left in the house but me.",
        ],
        &[
            "T: What happened then?",
            "C: He closed the door, and nobody was left in the house but me and the old grey cat.",
        ],
    );
    told_apart(
        "rf05",
        &[
            "T: And your sister?",
            "C: I suppose she was hurt, because I forgot her birthday and she had waited for me the whole evening.",
        ],
        &[
            "T: And your sister?",
            "C: My sister came at eight, put the cake on the table and went home with the dog at ten.",
        ],
    );
    told_apart(
        "rf06",
        &[
            "T: What would you like?",
            "C: I really want to be a better father to my son, but it is hard to be there when the evenings are so short and I am tired.",
        ],
        &[
            "T: What would you like?",
            "C: A coffee, please, and a glass of water, and then perhaps we could open the window a little bit.",
        ],
    );
    told_apart(
        "rf07",
        &[
            "T: Why did he do that?",
            "C: Maybe he was only trying to protect me, I guess, I'm not sure, perhaps he wanted me to be safe.",
        ],
        &[
            "T: Why did he do that?",
            "C: He was trying to open the door with the wrong key, and then the neighbour came down the stairs.",
        ],
    );
    told_apart(
        "rf08",
        &[
            "T: What if he calls?",
            "C: If he calls I'll probably give in again, I always end up doing that, I know myself.",
        ],
        &[
            "T: What if he calls?",
            "C: If he calls, the telephone rings in the kitchen, and whoever is there picks it up.",
        ],
    );
    told_apart(
        "rf09",
        &[
            "T: What will she say?",
            "C: She'll be angry because I did not ask her first, she is like that whenever money is spent.",
        ],
        &[
            "T: What will she say?",
            "C: She says good morning to everybody on the stairs, and that is all I ever hear of her.",
        ],
    );
    told_apart(
        "rf12",
        &["T: What do you notice?", "C: There is a knot in my stomach right now, and I feel scared as I say it."],
        &["T: What do you notice?", "C: The clock on the wall is five minutes late, and the window does not close."],
    );
    told_apart(
        "rf18",
        &[
            "T: So you kept it all to yourself, to protect your brother.",
            "C: Yeah, to protect my brother, that makes sense, I never thought about it that way.",
        ],
        &["T: So you kept it all to yourself, to protect your brother.", "C: Yeah."],
    );
}

#[test]
fn building_rapport() {
    told_apart(
        "cx02",
        &["T: How can we use the time?", "C: I really need some help with the evenings, they are the worst."],
        &["T: How can we use the time?", "C: We could use the time for the list that lies on your desk."],
    );
    told_apart(
        "cx03",
        &["C: What should I do about the letter?", "T: Let us look at it together."],
        &["C: I know what to do about the letter.", "T: Good."],
    );
    told_apart(
        "cx04",
        &["C: Do you think it's my fault?", "T: Say more about that."],
        &["C: It was my fault that the lamp fell.", "T: I see."],
    );
    told_apart(
        "cx07",
        &[
            "T: How is it at home?",
            "C: He was so cruel to my brother when he came home late, and nobody said a word about it.",
        ],
        &[
            "T: How is it at home?",
            "C: He came home late, sat down at the table and ate the soup that was left from lunch.",
        ],
    );
    told_apart(
        "cx08",
        &["C: You really helped me with that, thank you for listening."],
        &["C: You helped yourself to the biscuits, I see."],
    );
    told_apart(
        "cx09",
        &["C: Coming here really helps, and I'm glad that I started therapy."],
        &["C: Coming here takes an hour, and the bus was late."],
    );
    told_apart(
        "cx10",
        &["C: The breathing exercise was really helpful this week."],
        &["C: The breathing exercise wasn't helpful at all this week."],
    );
    told_apart("cx12", &["T: Last time we talked about your brother."], &["T: Your brother came last week, you said."]);
    told_apart(
        "cx13",
        &["T: You could call her.", "C: I'd rather write to her, and I've decided to do it my own way."],
        &["T: You could call her.", "C: Her number is on the note that hangs on the fridge at home."],
    );
    told_apart(
        "cx14",
        &[
            "T: What are the ways?",
            "C: One way would be to call him, or maybe I could write a letter, but then he might not read it.",
        ],
        &[
            "T: What are the ways?",
            "C: The way along the canal is shorter, and the other road has more trees on both sides.",
        ],
    );
    told_apart(
        "cx15",
        &["T: Would you be willing to keep a diary until next week?"],
        &["T: The diary lies on the table next to the lamp."],
    );
    told_apart(
        "cx16",
        &["C: I didn't understand what I was supposed to write in the homework."],
        &["C: I wrote the homework on Sunday, all of it."],
    );
    told_apart(
        "cx18",
        &["C: My sister came over and hugged me, and she was there for me the whole night."],
        &["C: My sister came over and was never there for me when I needed her."],
    );
    told_apart(
        "cx19",
        &["C: My sister is so patient and kind, and because of her I finished school after all."],
        &["C: My sister is a teacher, and because of her the garden is full of children."],
    );
    told_apart(
        "cx20",
        &["C: We have a really good relationship, and when I come home I feel safe."],
        &["C: We have a really good dishwasher, and when I come home it is done."],
    );
    let day = "C: So last Saturday I went to the market with my father, and at about ten in the morning we met his old friend at the \
        bridge, and they talked for two hours, and then we went to the harbour and ate fish, and my father told the story of the \
        boat that he bought when he was young, and on the way home it rained and we waited in the bus until it stopped.";
    told_apart(
        "cx17",
        &["T: How was the weekend?", day],
        &["T: How was the weekend?", "C: Fine, we were at the market."],
    );
    let pain = "C: Last winter my mother died in the hospital, and when I came in at six in the morning the nurse stood at the door, and \
        I was so scared that I could not walk, and then she took my hand and I cried, and we went in and there she was, and I was \
        alone with her until my brother came, and he was angry that nobody had called him, and we sat there for two hours and \
        nobody spoke, and I looked at her hands and I felt so guilty that I had gone home in the evening, and then the doctor came \
        and said that she had asked for me in the night, and I ran out and sat in the car and cried until it got dark outside.";
    told_apart("cx06", &["T: Tell me about that night.", pain], &["T: How was the weekend?", day]);
}

#[test]
fn resistance() {
    told_apart(
        "rs04",
        &["T: I would suggest that you talk to your doctor about the sleep.", "C: No thanks, I'm fine."],
        &["T: Did you talk to your doctor about the sleep?", "C: No."],
    );
    told_apart(
        "rs07",
        &["T: It sounds like you were really scared.", "C: Everybody gets scared sometimes, it's normal."],
        &["T: Who was at the door?", "C: Everybody has a key, it's normal here."],
    );
    told_apart(
        "rs08",
        &["T: And the panic?", "C: I was so anxious, but it keeps me on my toes."],
        &["T: And the dog?", "C: He runs every day, and it keeps me on my toes."],
    );
    told_apart(
        "rs09",
        &["T: What was it like?", "C: I was really hurt, but I'll be fine, it will work out.", "....", "T: I see."],
        &["T: What was it like?", "C: The soup was cold, but it will work out.", "....", "T: I see."],
    );
    told_apart(
        "rs11",
        &["T: What was it like?", "C: It hurt so much, I just have to get over it."],
        &["T: What was it like?", "C: It was late, I just have to get over the bridge."],
    );
    told_apart(
        "rs12",
        &["T: What keeps you from sleeping?", "C: It's because of my boss, he calls at night."],
        &["T: What keeps you from sleeping?", "C: I lie there and count the lamps on the other side."],
    );
    told_apart(
        "rs13",
        &["T: You sound angry with him.", "C: I was angry, but there's no point in complaining about it."],
        &["T: You sound angry with him.", "C: I was angry, and at one point I shouted at him."],
    );
    told_apart(
        "rs20",
        &[
            "C: I was so hurt, and I cried the whole evening.",
            "T: Your brother was there as well that evening.",
            "C: I cried and cried, it was so painful, nobody saw how lonely it was.",
        ],
        &[
            "C: I was so hurt, and I cried the whole evening.",
            "T: Your brother was there as well that evening.",
            "C: Yeah, my brother was there, and he saw how lonely it was.",
        ],
    );
}

#[test]
fn strain_that_sounds_like_engagement() {
    told_apart(
        "en01",
        &[
            "C: He's such a liar, you know? And she is so selfish, don't you think?",
            "T: Mm.",
            "C: It was so unfair of him, right?",
        ],
        &["C: He came at eight, you know? And she left at nine, don't you think?", "T: Mm.", "C: It was cold, right?"],
    );
    told_apart(
        "en02",
        &[
            "C: So I stood there and the door was open and he was packing his things and I was crying. Dad, why did you leave us? I was so small and we had nothing and I waited at the window.",
        ],
        &[
            "C: So I stood there and the door was open and he was packing his things. I asked him why he left us, and he did not say a word and went down to the car.",
        ],
    );
    told_apart(
        "en05",
        &[
            "C: He is obviously selfish, he never thinks of us.",
            "T: Mm.",
            "C: And she is totally controlling, always, no doubt about it.",
        ],
        &["C: Maybe he is selfish, I guess.", "T: Mm.", "C: And perhaps she is controlling, I'm not sure."],
    );
    told_apart(
        "co02",
        &["C: My job is great. No, it's terrible. Well, he's wonderful, it's good."],
        &["C: My job is great. It's good, and he's wonderful."],
    );
    told_apart(
        "co05",
        &["C: My mother says that I should be stricter with the children."],
        &["C: My mother says that I should be stricter, but I think that she is wrong, I want to do it differently."],
    );
    told_apart(
        "co06",
        &[
            "C: And she said you are late, and then he said I am not, and she said I told you so, and he said no you did not, and she said go then.",
            "T: Wait, who said that?",
        ],
        &[
            "C: And she said you are late, and then he said I am not, and she said I told you so, and he said no you did not, and she said go then.",
            "T: And what did you do?",
        ],
    );
    told_apart(
        "co07",
        &["C: And did he ever call to say sorry? Of course not, never."],
        &["C: And did he ever call to say sorry?"],
    );
    told_apart(
        "xt04",
        &[
            "T: So it was about the money.",
            "C: No, I mean the other letter.",
            "T: What do you mean?",
            "C: That's not what I said.",
        ],
        &["T: So it was about the money.", "C: Yes, about the money."],
    );
}

/// Several turns about one painful matter, so that leaving it can be seen.
const MOTHER: &[&str] = &[
    "T: How is it since your mother fell ill?",
    "C: My mother lies in the hospital since the operation, and the doctors do not say whether the tumour has grown again.",
    "T: The hospital, the doctors, and the tumour of your mother are on your mind.",
    "C: Every day I sit in the hospital beside my mother, and the doctors come and look at the tumour and leave again.",
    "T: You sit beside your mother in the hospital, and the doctors leave again.",
];

/// Another matter, several turns long.
const CAR: &[&str] = &[
    "T: The garage and the engine.",
    "C: The garage found rust under the engine, and the insurance for the blue car went up by thirty euros a month.",
    "T: The insurance for the car went up.",
    "C: The insurance letter about the blue car lies in the garage, and the engine of the car makes a loud noise.",
    "T: The engine makes a noise.",
    "C: The engine of the blue car, the garage says, needs a new belt before the insurance pays for the rust.",
];

fn joined<'l>(parts: &[&[&'l str]]) -> Vec<&'l str> {
    parts.concat()
}

#[test]
fn leaving_what_is_at_hand() {
    let leave = [
        "C: The blue car is at the garage again, the engine, the insurance, and the rust under the left door of the car.",
    ];
    let stay = [
        "C: Yes, my mother in the hospital, the doctors, the tumour, I sit beside her and hold her hand the whole day.",
    ];
    told_apart("rs21", &joined(&[MOTHER, &leave, CAR]), &joined(&[MOTHER, &stay, MOTHER]));
    told_apart("co01", &joined(&[MOTHER, &leave, CAR]), &joined(&[MOTHER, &stay, MOTHER]));
    let bridge = [
        "C: Speaking of money, the blue car is at the garage again, the engine, the insurance, and the rust under the door.",
    ];
    assert!(!found(&joined(&[MOTHER, &bridge, CAR])).contains("co01"));
    let asked = ["T: What do you feel when you sit beside your mother in the hospital?"];
    told_apart("rs17", &joined(&[&MOTHER[..4], &asked, &leave, CAR]), &joined(&[&MOTHER[..4], &asked, &stay, MOTHER]));
    let pain =
        ["C: My mother cries in the hospital and I am so scared of the tumour and of the doctors and of being alone."];
    let other = [
        "C: The blue car, I hate that car, I cried in the garage, and I was so ashamed before the insurance man and the engine.",
    ];
    let reply = ["T: Scared of the tumour, with your mother in the hospital."];
    told_apart("rs16", &joined(&[MOTHER, &pain, &reply, &other, CAR]), &joined(&[MOTHER, &pain, &reply, &leave, CAR]));
}

#[test]
fn staying_with_what_is_at_hand() {
    told_apart(
        "cx11",
        &[
            "T: So the evenings in the empty kitchen are the hardest for you.",
            "C: Yes, the evenings in the kitchen, and then the hour before I fall asleep in the empty house.",
        ],
        &["T: So the evenings in the empty kitchen are the hardest for you.", "C: Yes."],
    );
    told_apart(
        "cx01",
        &["C: I've been having a lot of trouble sleeping since the summer, and I feel so worried at night."],
        &["C: I sleep on the left side since the summer, and the cat sleeps on the chair by the window."],
    );
    told_apart(
        "rs06",
        &["T: What was that like?", "C: I was sad, just a little bit, it's no big deal, it's fine."],
        &["T: What was that like?", "C: I was sad, and it was the worst evening of the whole year."],
    );
    told_apart(
        "co03",
        &[
            "T: What is it like at home?",
            "C: You know, things and stuff, people do something and then something else and so on, and everything is somehow like that, and whatever, someone always says something, you know, and things are kind of things, and so on, or whatever.",
        ],
        &[
            "T: What is it like at home?",
            "C: At home my brother cooks soup on the old stove, my sister paints the chairs green, and our neighbour plays the piano until the clock of the church strikes ten and the dog begins to bark in the yard behind the house.",
        ],
    );
    let talk = "C: And she said you are late again, and I said the bus was late, and she said it is always the bus with you, and I said no it \
        is not, and she said go and live with your bus then, and he said leave him alone, and she said you be quiet, and I said what \
        did he do to you, and she said everything, and I said that is not fair, and he said I'm leaving, and she said go, and then \
        she said don't come back, and I said you don't mean that, and she said I mean every word, and he said fine, and she said \
        fine, and I said please stop, and she said it's your fault, and I said why me, and she said because you are always late, and \
        then he said he has had enough, and she said so have I, and I said what about me, and she said nobody asked you, and I said \
        I live here too, and she said then act like it, and he said let him be, and she said no I won't, and I said okay I go, and \
        she said no you stay, and he said let him go, and she said you always take his side, and I said nobody takes my side.";
    told_apart(
        "en04",
        &["T: What happened on Sunday?", &format!("{talk} And on Monday, {}", &talk[3..])],
        &["T: What happened on Sunday?", "C: And she said you are late again, and I said the bus was late."],
    );
}

/// German ordinary talk.
const VORHER: &[&str] = &[
    "T: Wie war die Fahrt zur Arbeit?",
    "C: Die Fahrt zur Arbeit war ruhig, der Zug kam um acht, und ich stand neben einem Mann mit zwei Fahrrädern im Gang.",
    "T: Wo steht der Drucker jetzt?",
    "C: Der Drucker steht im Gang neben der Tür und macht ein Geräusch, das man bis zum Fenster hört.",
];

#[test]
fn the_same_rules_hold_in_german() {
    for (code, lines) in [
        (
            "rf03",
            &["C: Ich war so traurig, als er gegangen ist, weil niemand mehr im Haus war außer mir und der Katze."][..],
        ),
        (
            "rs07",
            &["T: Es klingt, als ob Sie große Angst hatten.", "C: Das ist doch ganz normal, das kennt doch jeder."],
        ),
        ("rs11", &["C: Das hat so weh getan. Ich muss mich einfach zusammenreißen."]),
        ("rs13", &["C: Ich war so wütend, aber es bringt ja nichts, sich zu beschweren."]),
        ("rs04", &["T: Ich würde Ihnen raten, mit Ihrem Arzt zu sprechen.", "C: Nein danke, das brauche ich nicht."]),
        ("cx04", &["C: Finden Sie, dass ich übertreibe?"]),
        ("cx08", &["C: Sie haben mir wirklich sehr geholfen."]),
        ("cx12", &["T: Das letzte Mal haben wir über Ihren Bruder gesprochen."]),
        (
            "xt04",
            &["T: Es ging also um das Geld.", "C: Nein, ich meine den anderen Brief.", "T: Was meinen Sie damit?"],
        ),
    ] {
        let codes = found_in("de", VORHER, lines);
        assert!(codes.contains(code), "{code} is not found in {lines:#?}, but {codes:?}");
    }
}
