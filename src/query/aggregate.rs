//! What SQLite has not: median, quantiles, standard deviation.

use rusqlite::functions::{Aggregate, Context, FunctionFlags};
use rusqlite::{Connection, Result};

/// Makes `median(x)`, `quantile(x, q)` and `stddev(x)` known. Rows without a number are left out, and where there are none
/// (or one, for `stddev`) the answer is null.
pub(super) fn register(connection: &Connection) -> Result<()> {
    let flags = FunctionFlags::SQLITE_UTF8 | FunctionFlags::SQLITE_DETERMINISTIC;
    connection.create_aggregate_function("median", 1, flags, Quantile { share: Some(0.5) })?;
    connection.create_aggregate_function("quantile", 2, flags, Quantile { share: None })?;
    connection.create_aggregate_function("stddev", 1, flags, Spread)
}

struct Quantile {
    /// `None`: the second argument says it.
    share: Option<f64>,
}

#[derive(Default)]
struct Values {
    values: Vec<f64>,
    share: f64,
}

impl Aggregate<Values, Option<f64>> for Quantile {
    fn init(&self, _: &mut Context<'_>) -> Result<Values> {
        Ok(Values::default())
    }

    fn step(&self, context: &mut Context<'_>, all: &mut Values) -> Result<()> {
        all.share = match self.share {
            Some(share) => share,
            None => context.get::<f64>(1)?,
        };
        if !(0.0..=1.0).contains(&all.share) {
            return Err(rusqlite::Error::UserFunctionError("quantile(x, q) needs a q from 0 to 1".into()));
        }
        all.values.extend(context.get::<Option<f64>>(0)?);
        Ok(())
    }

    fn finalize(&self, _: &mut Context<'_>, all: Option<Values>) -> Result<Option<f64>> {
        Ok(all.and_then(|all| quantile(all.values, all.share)))
    }
}

/// By straight lines between the ordered values, as R's type 7 and NumPy do. The values are not sorted: only the two that count are
/// found.
fn quantile(mut values: Vec<f64>, share: f64) -> Option<f64> {
    let last = values.len().checked_sub(1)?;
    let at = share * last as f64;
    let (below, rest) = (at.floor() as usize, at.fract());
    let (_, low, above) = values.select_nth_unstable_by(below.min(last), f64::total_cmp);
    let high = above.iter().copied().min_by(f64::total_cmp).unwrap_or(*low);
    Some(*low + rest * (high - *low))
}

struct Spread;

/// Count, mean and sum of squares around it, one value after the other (Welford 1962): nothing is kept.
#[derive(Default)]
struct Running {
    count: f64,
    mean: f64,
    squares: f64,
}

impl Aggregate<Running, Option<f64>> for Spread {
    fn init(&self, _: &mut Context<'_>) -> Result<Running> {
        Ok(Running::default())
    }

    fn step(&self, context: &mut Context<'_>, all: &mut Running) -> Result<()> {
        if let Some(value) = context.get::<Option<f64>>(0)? {
            all.count += 1.0;
            let off = value - all.mean;
            all.mean += off / all.count;
            all.squares += off * (value - all.mean);
        }
        Ok(())
    }

    /// Of a sample: divided by one less than there are.
    fn finalize(&self, _: &mut Context<'_>, all: Option<Running>) -> Result<Option<f64>> {
        let all = all.filter(|all| all.count >= 2.0);
        Ok(all.map(|all| (all.squares / (all.count - 1.0)).max(0.0).sqrt()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(sql: &str, expect: Option<f64>) {
        let connection = Connection::open_in_memory().unwrap();
        register(&connection).unwrap();
        connection.execute_batch("create table t (x real); insert into t values (4), (1), (null), (3), (2)").unwrap();
        let found: Option<f64> = connection.query_row(sql, [], |row| row.get(0)).unwrap();
        let same = match (found, expect) {
            (Some(found), Some(expect)) => (found - expect).abs() < 1e-12,
            (found, expect) => found == expect,
        };
        assert!(same, "{sql}: {found:?}");
    }

    #[test]
    fn numbers_are_those_of_r_and_numpy() {
        check("select median(x) from t", Some(2.5));
        check("select quantile(x, 0.9) from t", Some(3.7));
        check("select quantile(x, 0) from t", Some(1.0));
        check("select quantile(x, 1) from t", Some(4.0));
        check("select stddev(x) from t", Some(1.290_994_448_735_805_6));
        check("select median(x) from t where x > 9", None);
        check("select stddev(x) from t where x = 4", None);
    }
}
