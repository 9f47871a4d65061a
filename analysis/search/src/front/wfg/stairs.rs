//! Two and three dimensions by sweeps.

/// The outline of a union of rectangles at the origin: steps of growing x and falling y.
#[derive(Clone, Debug, Default)]
pub(super) struct Stairs {
    steps: Vec<[f64; 2]>,
    pairs: Vec<[f64; 2]>,
    triples: Vec<[f64; 3]>,
}

impl Stairs {
    /// The area of the union of rectangles with these far corners.
    pub(super) fn area(&mut self, corners: &[[f64; 2]]) -> f64 {
        self.pairs.clear();
        self.pairs.extend_from_slice(corners);
        // Wide ones first: each adds what stands out above the highest so far.
        self.pairs
            .sort_unstable_by(|a, b| b[0].total_cmp(&a[0]).then(b[1].total_cmp(&a[1])));
        let mut highest = 0.0;
        let mut area = 0.0;
        for &[x, y] in &self.pairs {
            if y > highest {
                area += x * (y - highest);
                highest = y;
            }
        }
        area
    }

    /// The volume of the union of boxes with these far corners: the outline of all boxes that reach a height, from the highest
    /// down.
    pub(super) fn volume(&mut self, corners: &[[f64; 3]]) -> f64 {
        let mut triples = std::mem::take(&mut self.triples);
        triples.clear();
        triples.extend_from_slice(corners);
        triples.sort_unstable_by(|a, b| {
            b[2].total_cmp(&a[2])
                .then(b[1].total_cmp(&a[1]))
                .then(b[0].total_cmp(&a[0]))
        });
        self.steps.clear();
        let mut volume = 0.0;
        for &[x, y, z] in &triples {
            volume += z * self.add(x, y);
        }
        self.triples = triples;
        volume
    }

    /// Adds a rectangle; gives the area by which the union grows.
    fn add(&mut self, x: f64, y: f64) -> f64 {
        let end = self.steps.partition_point(|step| step[0] < x);
        let mut height = self.steps.get(end).map_or(0.0, |step| step[1]);
        if height >= y {
            return 0.0;
        }
        let mut right = x;
        let mut begin = end;
        let mut area = 0.0;
        loop {
            let before = begin.checked_sub(1).map(|place| self.steps[place]);
            let [left, above] = before.unwrap_or([0.0, f64::INFINITY]);
            area += (right - left) * (y - height);
            if above > y {
                break;
            }
            (right, height) = (left, above);
            begin -= 1;
        }
        self.steps.splice(begin..end, [[x, y]]);
        area
    }
}
