//! How recorded flow fared in a market that others trade in as well.

use super::View;
use super::tables::table;
use crate::flow::replayed::Replayed;
use crate::report::chart::number;
use crate::say::{count, grouped, percent};

/// What became of the recording; nothing where there is none.
pub fn recording(view: &View<'_>) -> String {
    view.outcome.recorded.as_ref().map_or(String::new(), told)
}

fn told(recorded: &Replayed) -> String {
    let drift = recorded.drift;
    let share = |n: u64, of: u64| match of {
        0 => "-".to_owned(),
        _ => format!("{}\u{a0}%", percent(n as i64, of as i64)),
    };
    let apart = match drift.apart {
        0 => "At none of them".to_owned(),
        n => format!("At {} ({})", grouped(n), share(n, drift.samples)),
    };
    let broken = recorded.broken.as_ref().map_or(String::new(), |why| {
        format!("<p class=\"warning\">The recording ended early: {}.</p>", super::escape(why))
    });
    let row = |name: &str, value: String| vec![name.to_owned(), value];
    let rows = vec![
        row("rows replayed", grouped(recorded.rows)),
        row(
            "executions, lots",
            format!("{}, {}", grouped(recorded.executions), grouped(recorded.execution_lots)),
        ),
        row(
            "executions that met the order they name, whole",
            format!(
                "{} ({})",
                grouped(recorded.executions_met),
                share(recorded.executions_met, recorded.executions)
            ),
        ),
        row("lots that met others", grouped(recorded.lots_met_others)),
        row("lots that met nobody", grouped(recorded.lots_missed)),
        row("cancels and changes of what was gone", grouped(recorded.cancels_gone)),
        row("commands refused", grouped(recorded.rejected)),
        row(
            "best prices apart, ticks: mean, most",
            format!("{}, {}", number(drift.ticks_mean(), 2), grouped(drift.ticks_max)),
        ),
        row(
            "depth apart, lots: mean, most",
            format!("{}, {}", number(drift.lots_mean(), 2), grouped(drift.lots_max)),
        ),
    ];
    format!(
        "<p class=\"caption\">The recorded book was compared with the simulated one at {}. {apart} they differed: the recording does not know what others take from it here.</p>{broken}{}",
        count(drift.samples, "moment", "moments"),
        table(&["", "<"], &rows, false)
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flow::replayed::Drift;

    #[test]
    fn a_recording_says_how_far_it_was_followed() {
        let drift =
            Drift { samples: 200, apart: 50, ticks_sum: 100, ticks_max: 7, ..Drift::default() };
        let recorded = Replayed {
            rows: 12_345,
            executions: 40,
            executions_met: 30,
            drift,
            broken: Some("cut <here>".to_owned()),
            ..Replayed::default()
        };
        let text = told(&recorded);
        for words in
            ["12,345", "30 (75.0\u{a0}%)", "0.5, 7", "At 50 (25.0\u{a0}%)", "cut &lt;here&gt;"]
        {
            assert!(text.contains(words), "{words}: {text}");
        }
        assert!(told(&Replayed::default()).contains("At none of them"));
    }
}
