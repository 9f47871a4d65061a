//! Who lives on where limits may be broken.

use crate::front::selection::{Survivor, survivors};

/// The `keep` best of some members by rank and crowding; behind them those that break limits, the less the better (constraint
/// domination: Deb et al. 2002, section VI). `broken` is by how much each member breaks them.
pub(super) fn constrained<P: AsRef<[f64]>>(points: &[P], broken: &[f64], keep: usize) -> Vec<Survivor> {
    let (keeping, mut breaking): (Vec<usize>, Vec<usize>) =
        (0..points.len()).partition(|&member| broken[member] == 0.0);
    let kept: Vec<&[f64]> = keeping.iter().map(|&member| points[member].as_ref()).collect();
    let mut ranked = survivors(&kept, keep);
    ranked
        .iter_mut()
        .for_each(|member| member.index = keeping[member.index]);
    breaking.sort_by(|&a, &b| broken[a].total_cmp(&broken[b]).then(a.cmp(&b)));
    breaking.truncate(keep - ranked.len());
    let behind = breaking.into_iter().enumerate();
    ranked.extend(behind.map(|(place, index)| Survivor {
        index,
        rank: points.len() + place,
        crowding: 0.0,
    }));
    ranked
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_breaks_limits_stands_behind() {
        let points = [[0.0, 0.0], [2.0, 2.0], [1.0, 1.0], [0.5, 0.5]];
        let broken = [0.2, 0.0, 0.0, 0.1];
        let order: Vec<usize> = (constrained(&points, &broken, 4).iter())
            .map(|member| member.index)
            .collect();
        assert_eq!(order, [2, 1, 3, 0]);
        assert_eq!(constrained(&points, &broken, 1)[0].index, 2);
        assert!(constrained::<[f64; 2]>(&[], &[], 3).is_empty());
    }
}
