//! The little linear algebra that the fits need: a dense matrix, the inverse of a symmetric positive definite one by
//! Cholesky's method, and the solution of a small general system by Gaussian elimination with partial pivoting (Golub &
//! Van Loan 2013, §4.2 and §3.4).
//!
//! Sizes are blocks x blocks or three unknowns; a library for more costs every build some ten seconds.

use std::ops::{Index, IndexMut};

/// A dense matrix, stored column after column.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Matrix {
    rows: usize,
    values: Vec<f64>,
}

impl Matrix {
    pub(crate) fn filled(rows: usize, columns: usize, value: f64) -> Self {
        Matrix {
            rows,
            values: vec![value; rows * columns],
        }
    }

    pub(crate) fn zeros(rows: usize, columns: usize) -> Self {
        Matrix::filled(rows, columns, 0.0)
    }

    pub(crate) fn columns(&self) -> usize {
        self.values.len().checked_div(self.rows).unwrap_or(0)
    }

    pub(crate) fn column(&self, column: usize) -> &[f64] {
        &self.values[column * self.rows..(column + 1) * self.rows]
    }

    pub(crate) fn column_mut(&mut self, column: usize) -> &mut [f64] {
        &mut self.values[column * self.rows..(column + 1) * self.rows]
    }

    /// All values, column after column.
    pub(crate) fn values(&self) -> &[f64] {
        &self.values
    }

    /// Adds factor · v · vᵀ to a square matrix of v's size.
    pub(crate) fn add_outer(&mut self, factor: f64, v: &[f64]) {
        for (column, across) in v.iter().enumerate() {
            let scale = factor * across;
            // Most counts of an incomplete table are equal; zeros are what is worth leaving out.
            if scale != 0.0 {
                for (value, down) in self.column_mut(column).iter_mut().zip(v) {
                    *value += scale * down;
                }
            }
        }
    }

    /// self · v.
    pub(crate) fn times(&self, v: &[f64]) -> Vec<f64> {
        let mut product = vec![0.0; self.rows];
        for (column, factor) in v.iter().enumerate() {
            for (sum, value) in product.iter_mut().zip(self.column(column)) {
                *sum += factor * value;
            }
        }
        product
    }

    /// self · other.
    pub(crate) fn times_matrix(&self, other: &Matrix) -> Matrix {
        let values = (0..other.columns()).flat_map(|column| self.times(other.column(column)));
        Matrix {
            rows: self.rows,
            values: values.collect(),
        }
    }

    /// Inverse of a symmetric positive definite matrix; `None` where it is not one, within rounding.
    pub(crate) fn symmetric_inverse(&self) -> Option<Matrix> {
        let factor = self.cholesky()?;
        let n = self.rows;
        let mut inverse = Matrix::zeros(n, n);
        for unit in 0..n {
            let column = inverse.column_mut(unit);
            column[unit] = 1.0;
            // L y = e, then Lᵀ x = y, in place.
            for row in unit..n {
                let done: f64 = (unit..row).map(|k| factor[(row, k)] * column[k]).sum();
                column[row] = (column[row] - done) / factor[(row, row)];
            }
            for row in (0..n).rev() {
                let done: f64 = (row + 1..n).map(|k| factor[(k, row)] * column[k]).sum();
                column[row] = (column[row] - done) / factor[(row, row)];
            }
        }
        Some(inverse)
    }

    /// Lower triangle L with L·Lᵀ = self.
    fn cholesky(&self) -> Option<Matrix> {
        let n = self.rows;
        let mut factor = Matrix::zeros(n, n);
        for column in 0..n {
            let squares: f64 = (0..column).map(|k| factor[(column, k)].powi(2)).sum();
            let pivot = self[(column, column)] - squares;
            if pivot.is_nan() || pivot <= 0.0 {
                return None;
            }
            let root = pivot.sqrt();
            factor[(column, column)] = root;
            for row in column + 1..n {
                let done: f64 = (0..column)
                    .map(|k| factor[(row, k)] * factor[(column, k)])
                    .sum();
                factor[(row, column)] = (self[(row, column)] - done) / root;
            }
        }
        Some(factor)
    }

    /// The x with self · x = right, for a square matrix; `None` where it is singular.
    pub(crate) fn solve(mut self, right: &[f64]) -> Option<Vec<f64>> {
        let n = self.rows;
        let mut x = right.to_vec();
        for column in 0..n {
            let size = |row: &usize| self[(*row, column)].abs();
            let pivot = (column..n).max_by(|a, b| size(a).total_cmp(&size(b)))?;
            if self[(pivot, column)] == 0.0 {
                return None;
            }
            x.swap(column, pivot);
            for k in column..n {
                self.values.swap(k * n + column, k * n + pivot);
            }
            for row in column + 1..n {
                let factor = self[(row, column)] / self[(column, column)];
                x[row] -= factor * x[column];
                for k in column..n {
                    self[(row, k)] -= factor * self[(column, k)];
                }
            }
        }
        for row in (0..n).rev() {
            let known: f64 = (row + 1..n).map(|k| self[(row, k)] * x[k]).sum();
            x[row] = (x[row] - known) / self[(row, row)];
        }
        Some(x)
    }
}

impl Index<(usize, usize)> for Matrix {
    type Output = f64;

    fn index(&self, (row, column): (usize, usize)) -> &f64 {
        &self.values[column * self.rows + row]
    }
}

impl IndexMut<(usize, usize)> for Matrix {
    fn index_mut(&mut self, (row, column): (usize, usize)) -> &mut f64 {
        &mut self.values[column * self.rows + row]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Hilbert's matrix plus the unit matrix: full, symmetric, positive definite.
    fn example(n: usize) -> Matrix {
        let mut matrix = Matrix::zeros(n, n);
        for row in 0..n {
            for column in 0..n {
                matrix[(row, column)] = 1.0 / (row + column + 1) as f64;
            }
            matrix[(row, row)] += 1.0;
        }
        matrix
    }

    #[test]
    fn an_inverse_times_its_matrix_is_one() {
        let matrix = example(7);
        let product = matrix.times_matrix(&matrix.symmetric_inverse().unwrap());
        for row in 0..7 {
            for column in 0..7 {
                let want = f64::from(u8::from(row == column));
                assert!((product[(row, column)] - want).abs() < 1e-14);
            }
        }
    }

    #[test]
    fn a_solution_solves_also_where_the_first_pivot_is_zero() {
        let mut matrix = example(4);
        matrix[(0, 0)] = 0.0;
        let right = [1.0, -2.0, 0.5, 3.0];
        let x = matrix.clone().solve(&right).unwrap();
        for (got, want) in matrix.times(&x).iter().zip(right) {
            assert!((got - want).abs() < 1e-14);
        }
    }

    #[test]
    fn singular_systems_have_no_answer() {
        let ones = Matrix::filled(3, 3, 1.0);
        assert_eq!(ones.clone().solve(&[1.0, 2.0, 3.0]), None);
        assert_eq!(ones.symmetric_inverse(), None);
    }

    #[test]
    fn outer_products_add_up() {
        let mut matrix = Matrix::zeros(2, 2);
        matrix.add_outer(2.0, &[1.0, 3.0]);
        assert_eq!(matrix.values(), [2.0, 6.0, 6.0, 18.0]);
    }
}
