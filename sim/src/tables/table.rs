//! Tables as lists of columns.

/// Declares a table: a struct of columns, filled row by row.
macro_rules! table {
    ($(#[$doc:meta])* $table:ident($universe:ident) {
        $($column:ident: $kind:ty = $make:expr,)+
    }) => {
        $(#[$doc])*
        pub struct $table {
            rows: usize,
            $($column: $kind,)+
        }

        impl $table {
            /// An empty table.
            pub fn new($universe: &$crate::tables::universe::Universe) -> $table {
                $table { rows: 0, $($column: $make,)+ }
            }
        }

        impl $crate::tables::table::Rows for $table {
            fn rows(&self) -> usize {
                self.rows
            }

            fn fields(&self) -> Vec<arrow_schema::Field> {
                use $crate::tables::column::Column;
                vec![$(self.$column.field(stringify!($column))),+]
            }

            fn take(&mut self) -> Result<Vec<arrow_array::ArrayRef>, arrow_schema::ArrowError> {
                use $crate::tables::column::Column;
                let rows = std::mem::take(&mut self.rows);
                $(self.$column.pad(rows);)+
                Ok(vec![$(self.$column.take()?),+])
            }
        }
    };
}

/// Declares a table of events: number and time of the event come first.
macro_rules! event_table {
    ($(#[$doc:meta])* $table:ident($universe:ident) { $($columns:tt)+ }) => {
        $crate::tables::table::table! {
            $(#[$doc])*
            $table($universe) {
                seq: $crate::tables::column::Wholes = $crate::tables::column::Wholes::new(),
                ts: $crate::tables::column::Wholes = $crate::tables::column::Wholes::new(),
                $($columns)+
            }
        }

        impl $table {
            /// Begins the row of an event.
            #[inline]
            fn row(&mut self, event: &plimsoll_types::Event) -> usize {
                let row = self.rows;
                self.rows += 1;
                self.seq.put(row, event.seq);
                self.ts.put(row, event.ts);
                row
            }
        }
    };
}

pub(super) use {event_table, table};

/// What the writers see of a table.
pub trait Rows {
    /// Rows put since they were last taken.
    fn rows(&self) -> usize;
    /// The columns, in order.
    fn fields(&self) -> Vec<arrow_schema::Field>;
    /// Hands the rows over and begins anew.
    ///
    /// Errors: a decimal with more digits than its column.
    fn take(&mut self) -> Result<Vec<arrow_array::ArrayRef>, arrow_schema::ArrowError>;
}
