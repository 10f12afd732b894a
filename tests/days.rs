//! Days as an exchange lives them: commands in, exactly these events out.

mod days {
    mod busts;
    mod calendars;
    pub mod hall;
    mod limits;
    mod listings;
    mod perpetuals;
    mod reductions;
    mod settlements;
    mod terms;
}
