use attune::engine::*; use attune::config::Config; use attune::job::Job; use attune::track::Who; use std::path::PathBuf;
fn main(){
 let c=Config::embedded(); let file=std::env::args().nth(1).unwrap(); let threads:usize=std::env::args().nth(2).map(|s|s.parse().unwrap()).unwrap_or(2);
 let media: attune::media::MediaSettings=c.read("media.toml").unwrap(); let voice: attune::voice::Settings=c.read("voice.toml").unwrap(); let face: attune::face::Settings=c.read("face.toml").unwrap();
 let shelf=places::open_shelf(None,attune::model::Runtime::Auto).unwrap(); println!("{}",shelf.runtime_name());
 let mut p=vec![]; let r=recordings::open_all(&[request::Recording{path:PathBuf::from(&file),offset_secs:None}],&media,&mut p).unwrap();
 println!("{}",r[0].probe.describe());
 let h=c.hash("voice.toml"); let dir=PathBuf::from("/tmp/perf/tmpstore"); let store=store::Store::new(&dir);
 let t=std::time::Instant::now();
 let w=hear::Wish{media:&media,voice:&voice,shelf:&shelf,people:2,channels:request::ChannelUse::Auto,threads,settings_hash:&h,fresh:true};
 match hear::hear(&r[0],&w,&store,&Job::quiet(),&mut p){Ok((v,tr,_))=>{println!("voice {:?} {:#?}",t.elapsed(),v.voices);println!("{:?}",v.problems);
  let m=attune::markers::read_settings(c.under("markers")).unwrap();
  let t2=std::time::Instant::now();
  let w=look::Wish{media:&media,face:&face,shelf:&shelf,max_faces:2,threads,settings_hash:&h,fresh:true};
  let (s,ft,_)=look::look(&r[0],0,&w,&store,&Job::quiet(),&mut p).unwrap(); println!("face {:?} {:?} pictures {} {:?}",t2.elapsed(),s.faces,s.pictures,s.problems);
  let mut all=tr.clone(); all.extend(ft);
  let all=all.renamed(|w| match w {Who::Speaker(1)=>Who::Therapist,Who::Speaker(2)=>Who::Client,Who::Face(1)=>Who::Client,o=>o});
  let run=attune::markers::run_all(&all,r[0].span().unwrap(),None,None,&m).unwrap();
  for e in &run.events { if e.marker.starts_with("vid")||e.marker=="aud.silence3" {println!("{} {} {:?} {:.2}-{:.2} v {:.2} s {:.2} c {:.2}",e.marker,e.who,e.kind,e.span.start().secs_f64(),e.span.end().secs_f64(),e.value,e.strength,e.confidence);} }
  println!("{:?}",run.blind);
 },Err(e)=>println!("{e}")}
}
