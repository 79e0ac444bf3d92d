use std::time::Instant;
fn main() {
    let bytes = std::fs::read(std::env::args().nth(1).unwrap()).unwrap();
    let mut net = attune_nets::Net::load(&bytes).expect("does not load");
    let raw = std::fs::read("/tmp/fo/in.f32").unwrap();
    let x: Vec<f32> = raw.as_chunks::<4>().0.iter().map(|b| f32::from_le_bytes(*b)).collect();
    let out = net.run(&x).unwrap().concat();
    let bytes: Vec<u8> = out.iter().flat_map(|v| v.to_le_bytes()).collect();
    std::fs::write("/tmp/fo/out.f32", bytes).unwrap();
    for _ in 0..7 {
        let t = Instant::now();
        for _ in 0..50 { net.run(&x).unwrap(); }
        println!("{:.3} ms", t.elapsed().as_secs_f64() * 20.0);
    }
}
