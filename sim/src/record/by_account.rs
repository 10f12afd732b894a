//! One value an account, found by its number.

use plimsoll_types::AccountId;

/// A table with one place for every account seen so far; the others have the default.
#[derive(Clone, Debug)]
pub struct ByAccount<T>(Vec<T>);

impl<T> Default for ByAccount<T> {
    fn default() -> ByAccount<T> {
        ByAccount(Vec::new())
    }
}

impl<T: Clone + Default> ByAccount<T> {
    /// The value of an account that has one.
    #[inline]
    pub fn get(&self, account: &AccountId) -> Option<&T> {
        self.0.get(account.index())
    }

    /// The value of an account, made if it has none. Cost: O(1), amortised.
    #[inline]
    pub fn entry(&mut self, account: AccountId) -> &mut T {
        let at = account.index();
        if at >= self.0.len() {
            self.0.resize(at + 1, T::default());
        }
        &mut self.0[at]
    }

    /// All values by account number.
    pub fn values(&self) -> impl Iterator<Item = &T> {
        self.0.iter()
    }
}
