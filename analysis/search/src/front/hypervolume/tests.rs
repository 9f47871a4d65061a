use proptest::prelude::*;

use super::*;
use crate::draws::Draws;

/// The volume of the union of the points' boxes by inclusion and exclusion.
fn inclusion_exclusion(points: &[Vec<f64>], reference: &[f64]) -> f64 {
    let mut sum = 0.0;
    for subset in 1_u32..1 << points.len() {
        let members = || {
            (0..points.len())
                .filter(|&index| subset >> index & 1 == 1)
                .map(|index| &points[index])
        };
        let sides = reference.iter().enumerate().map(|(objective, reference)| {
            let worst = members().map(|point| point[objective]).fold(f64::MIN, f64::max);
            (reference - worst).max(0.0)
        });
        let sign = if subset.count_ones() % 2 == 1 { 1.0 } else { -1.0 };
        sum += sign * sides.product::<f64>();
    }
    sum
}

/// Up to seven points of 2 to 6 objectives on a coarse grid, some outside the reference, with ties.
fn points() -> impl Strategy<Value = Vec<Vec<f64>>> {
    (2_usize..=6).prop_flat_map(|objectives| {
        let coordinate = (0_u8..12).prop_map(|x| f64::from(x) / 10.0);
        prop::collection::vec(prop::collection::vec(coordinate, objectives), 1..=7)
    })
}

fn random_points(count: usize, objectives: usize, seed: u64) -> Vec<Vec<f64>> {
    let mut draws = Draws::new(seed, 0, 0);
    (0..count)
        .map(|_| (0..objectives).map(|_| draws.uniform()).collect())
        .collect()
}

#[test]
fn by_hand() {
    let points = [[1.0, 5.0], [2.0, 2.0], [4.0, 1.0], [3.0, 3.0], [9.0, 0.0]];
    assert_eq!(hypervolume(&points, &[6.0, 6.0]), 5.0 + 4.0 * 3.0 + 2.0);
    assert_eq!(
        hypervolume(&[[1.0, 2.0, 3.0], [2.0, 1.0, 3.5]], &[4.0; 3]),
        3.0 * 2.0 + 2.0 * 0.5
    );
    assert_eq!(hypervolume(&[[0.0; 4], [0.5; 4]], &[2.0; 4]), 16.0);
    assert_eq!(
        hypervolume(&[[0.0, 1.0, 1.0, 1.0, 1.0], [1.0, 0.0, 1.0, 1.0, 1.0]], &[2.0; 5]),
        3.0
    );
    assert_eq!(hypervolume(&[[3.0], [1.0]], &[4.0]), 3.0);
}

#[test]
fn what_is_outside_or_not_finite_counts_nothing() {
    assert_eq!(hypervolume::<[f64; 2]>(&[], &[1.0, 1.0]), 0.0);
    let outside = [
        [1.0, 0.0],
        [2.0, -5.0],
        [f64::NAN, 0.0],
        [f64::NEG_INFINITY, 0.0],
        [0.0, f64::INFINITY],
    ];
    assert_eq!(hypervolume(&outside, &[1.0, 1.0]), 0.0);
    assert_eq!(hypervolume(&[[0.0; 0]], &[]), 0.0);
}

#[test]
fn a_large_front_agrees_with_sampling() {
    for objectives in 2..=5 {
        let points = random_points(40, objectives, objectives as u64);
        let mut draws = Draws::new(77, 0, 0);
        let samples = 40_000;
        let hits = (0..samples).filter(|_| {
            let at: Vec<f64> = (0..objectives).map(|_| draws.uniform()).collect();
            points
                .iter()
                .any(|point| point.iter().zip(&at).all(|(point, at)| point <= at))
        });
        let share = hits.count() as f64 / f64::from(samples);
        // Five standard errors of a share of at most one half.
        let exact = hypervolume(&points, &vec![1.0; objectives]);
        assert!(
            (exact - share).abs() < 5.0 * 0.5 / 200.0,
            "{objectives}: {exact} {share}"
        );
    }
}

#[test]
fn lazy_choice_equals_the_plain_greedy_one() {
    for seed in 0..5 {
        let candidates = random_points(60, 4, seed);
        let mut lazy = Covered::new(&[1.0; 4]);
        for point in random_points(20, 4, 100 + seed) {
            lazy.add(&point);
        }
        let mut plain = lazy.clone();
        let expected: Vec<usize> = (0..7)
            .map(|_| {
                let gains: Vec<f64> = candidates.iter().map(|candidate| plain.gain(candidate)).collect();
                let best = (0..60)
                    .rev()
                    .max_by(|&a, &b| gains[a].total_cmp(&gains[b]))
                    .unwrap();
                plain.add(&candidates[best]);
                best
            })
            .collect();
        let chosen: Vec<usize> = choose(&mut lazy, &candidates, 7)
            .iter()
            .map(|choice| choice.index)
            .collect();
        assert_eq!(chosen, expected);
        assert_eq!(lazy.volume(), plain.volume());
    }
}

#[test]
fn nothing_is_chosen_that_adds_nothing() {
    let mut front = Covered::new(&[1.0, 1.0]);
    front.add(&[0.2, 0.2]);
    let chosen = choose(&mut front, &[[0.5, 0.5], [0.1, 0.9], [0.1, 0.9]], 3);
    assert_eq!(chosen.len(), 1);
    assert_eq!(chosen[0].index, 1);
}

proptest! {
    #[test]
    fn equals_inclusion_and_exclusion(points in points()) {
        let reference = vec![1.0; points[0].len()];
        let expected = inclusion_exclusion(&points, &reference);
        prop_assert!((hypervolume(&points, &reference) - expected).abs() < 1e-12);
    }

    #[test]
    fn order_makes_no_difference(points in points(), seed in 0_u64..100) {
        let reference = vec![1.0; points[0].len()];
        let mut shuffled = points.clone();
        Draws::new(seed, 0, 0).shuffle(&mut shuffled);
        prop_assert_eq!(hypervolume(&points, &reference).to_bits(), hypervolume(&shuffled, &reference).to_bits());
    }

    #[test]
    fn a_gain_is_what_the_total_grows_by(points in points()) {
        let reference = vec![1.0; points[0].len()];
        let mut covered = Covered::new(&reference);
        let mut total = 0.0;
        for point in &points {
            let gain = covered.gain(point);
            covered.add(point);
            prop_assert!(gain >= 0.0);
            prop_assert!((covered.volume() - total - gain).abs() < 1e-12);
            total = covered.volume();
        }
    }
}
