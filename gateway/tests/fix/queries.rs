//! Instruments, positions, margin and market data.

use super::rig::{Rig, field};

#[test]
fn instruments_positions_and_margin_are_told() {
    let rig = Rig::start();
    let (mut anna, mut bert) = (rig.logged_on("anna"), rig.logged_on("bert"));
    anna.send("x", "320=s1|559=4|");
    anna.expect(
        "35=y|320=s1|560=0|393=2|893=Y|146=2|55=RB|231=10|561=2|58=tick_size=0.5|55=CU|15=CNY",
    );
    anna.send("x", "320=s2|559=0|55=CU|");
    anna.expect("35=y|320=s2|146=1|55=CU|58=tick_size=10");
    anna.send("x", "320=s3|559=0|55=XX|");
    anna.expect("35=y|320=s3|560=2");
    anna.send("AN", "710=p0|724=0|1=anna|581=1|");
    anna.expect("35=AO|710=p0|727=0|728=2|729=0|1=anna");
    anna.send("D", "11=a1|55=RB|40=2|59=1|54=1|38=4|44=5000|");
    anna.expect("150=0");
    bert.send("D", "11=b1|55=RB|40=2|59=1|54=2|38=4|44=5000|");
    bert.expect("150=0");
    bert.expect("150=F");
    anna.expect("150=F");
    anna.send("AN", "710=p1|724=0|1=anna|581=1|");
    anna.expect("35=AO|710=p1|727=1|728=0");
    anna.expect("35=AP|710=p1|1=anna|55=RB|702=1|703=TQ|704=4|730=5000|734=5000|707=FMTM|708=0");
    bert.send("AN", "710=p2|724=0|1=bert|581=1|");
    bert.expect("35=AO|727=1");
    bert.expect("35=AP|705=4|55=RB");
    bert.send("AN", "710=p3|724=0|1=anna|581=1|");
    bert.expect("35=AO|710=p3|728=4|729=2");
    // 200000 less a fee of 4; margin 0.10 x 5000 x 10 x 4 = 20000.
    anna.send("BB", "909=c1|1=anna|");
    let report = anna.expect("35=BA|909=c1|1=anna|900=199996|901=199996|899=179996|15=CNY");
    assert_eq!(field(&report, "898"), Some("0.100002"), "20000 / 199996");
    bert.send("BB", "909=c2|1=anna|");
    bert.expect("35=BG|909=c2|945=4");
    rig.stop();
}

#[test]
fn books_come_as_a_snapshot_and_what_changes() {
    let rig = Rig::start();
    let (mut anna, mut bert) = (rig.logged_on("anna"), rig.logged_on("bert"));
    anna.send("D", "11=a1|55=RB|40=2|59=1|54=1|38=4|44=4990|");
    anna.expect("150=0");
    rig.wait("the bid", |it| it.open_orders(plimsoll_types::InstrumentId(0)) == 1);
    bert.send("V", "262=m1|263=1|264=0|265=1|267=3|269=0|269=1|269=2|146=1|55=RB|");
    bert.expect("35=W|262=m1|55=RB|268=1|269=0|270=4990|271=4|290=1");
    bert.send("V", "262=m1|263=1|264=0|265=1|267=1|269=0|146=1|55=RB|");
    bert.expect("35=Y|262=m1|281=1");
    bert.send("V", "262=m2|263=0|264=1|267=1|269=1|146=1|55=CU|");
    bert.expect("35=W|262=m2|55=CU|268=0");
    for (fields, reason) in [
        ("262=x|263=1|264=0|267=1|269=0|146=1|55=XX|", "281=0"),
        ("262=x|263=7|264=0|267=1|269=0|146=1|55=RB|", "281=4"),
        ("262=x|263=1|264=2000|267=1|269=0|146=1|55=RB|", "281=5"),
        ("262=x|263=1|264=1|267=1|269=9|146=1|55=RB|", "281=8"),
    ] {
        bert.send("V", fields);
        bert.expect(&format!("35=Y|262=x|{reason}"));
    }
    anna.send("D", "11=a2|55=RB|40=2|59=1|54=1|38=2|44=4990.5|");
    bert.expect("35=X|262=m1|268=1|279=0|269=0|278=B9981|55=RB|270=4990.5|271=2");
    anna.send("D", "11=a3|55=RB|40=2|59=1|54=1|38=2|44=4990|");
    bert.expect("35=X|268=1|279=1|269=0|270=4990|271=6");
    bert.send("D", "11=b1|55=RB|40=2|59=1|54=2|38=2|44=4990.5|");
    let mut seen = Vec::new();
    while seen.len() < 2 {
        let got = bert.receive();
        match field(&got, "35") {
            Some("8") => {}
            Some("X") => {
                seen.extend(["|269=2|", "|279=2|"].into_iter().filter(|part| got.contains(part)))
            }
            other => panic!("{other:?}: {got}"),
        }
    }
    bert.send("V", "262=m1|263=2|264=0|267=1|269=0|146=1|55=RB|");
    bert.expect_nothing();
    anna.send("F", "11=a4|41=a1|");
    rig.wait("one order", |it| it.open_orders(plimsoll_types::InstrumentId(0)) == 1);
    bert.expect_nothing();
    rig.stop();
}
