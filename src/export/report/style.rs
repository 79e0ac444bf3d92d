//! How the page looks: on screens bright and dark, wide and narrow, and on paper.

/// CSS after the palette and the pictures' own.
pub(super) const STYLE: &str = "\
*{box-sizing:border-box}html{-webkit-text-size-adjust:100%;scroll-behavior:smooth}\
body{margin:0;background:var(--page);color:var(--ink);font:16px/1.5 system-ui,-apple-system,'Segoe UI',Roboto,'Noto Sans',sans-serif}\
main,header,footer{max-width:1240px;margin:0 auto;padding:0 24px}header{padding-top:28px}footer{padding-bottom:48px}\
h1{font-size:30px;line-height:1.2;margin:0;overflow-wrap:anywhere}h2{font-size:21px;margin:44px 0 12px}\
h3{font-size:18px;margin:0;line-height:1.35}h4{font-size:14px;margin:0 0 4px;color:var(--muted);font-weight:600}\
p{margin:0 0 10px;max-width:78ch}a{color:var(--link);text-underline-offset:2px}a:focus-visible{outline:2px solid var(--link);outline-offset:2px}\
.sub{color:var(--muted);margin:4px 0 14px}nav{display:flex;flex-wrap:wrap;gap:4px 18px;margin:0 0 18px;font-size:15px}\
.card{background:var(--card);border:1px solid var(--line);border-radius:10px;padding:18px 20px;margin:0 0 18px}\
.sum{display:flex;flex-wrap:wrap;gap:10px 36px;align-items:baseline;margin:0 0 8px}\
.sum div{min-width:120px}.sum b{display:block;font-size:28px;line-height:1.15;font-variant-numeric:tabular-nums}.sum span{color:var(--muted);font-size:14px}\
.summary p{max-width:110ch}.caution{border-left:4px solid var(--silence);padding:2px 0 2px 14px;margin:14px 0 2px}.caution p{margin:0}\
.wide{overflow-x:auto;overscroll-behavior-x:contain}.tl{display:block;width:100%;min-width:860px;height:auto}\
.tl.close{margin:10px 0 2px}\
.ranked{list-style:none;margin:0;padding:0}.candidate{scroll-margin-top:12px}\
.candidate:target{outline:3px solid var(--link);outline-offset:2px}\
.head{display:flex;flex-wrap:wrap;gap:2px 14px;align-items:center;margin-bottom:6px}\
.number{flex:none;display:inline-grid;place-items:center;width:32px;height:32px;border-radius:50%;color:var(--card);background:var(--tone);font-weight:700;font-variant-numeric:tabular-nums}\
.number.support{border-radius:8px}.head .kind{color:var(--tone);font-weight:650}.head .when{font-variant-numeric:tabular-nums}\
.head .cost{color:var(--muted);font-size:14px;margin-left:auto}\
.strain{--tone:var(--strain)}.support{--tone:var(--support)}.open{--tone:var(--open)}\
.two{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(380px,100%),1fr));gap:14px 32px;margin-top:14px}\
ul.ev{list-style:none;margin:0;padding:0}ul.ev li{display:grid;grid-template-columns:22px 1fr auto;gap:0 6px;padding:3px 0;border-top:1px solid var(--line)}\
ul.ev li:first-child{border-top:0}ul.ev .letter{font-weight:700}ul.ev .how{color:var(--muted);font-size:13px;white-space:nowrap}\
.none{color:var(--muted);margin:0}.codes{list-style:none;margin:0;padding:0}.codes li{padding:3px 0;border-top:1px solid var(--line)}.codes li:first-child{border-top:0}\
.id{font:600 13px ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;color:var(--tone);margin-right:6px}.codes small{color:var(--muted);display:block}\
.steps{display:flex;flex-wrap:wrap;gap:6px 0;list-style:none;margin:6px 0;padding:0;align-items:stretch}\
.steps li{display:flex;align-items:center}.steps .box{border:1px solid var(--tone);border-radius:8px;padding:4px 10px;font-size:14px;line-height:1.3}\
.steps .box b{display:block;font-variant-numeric:tabular-nums}.steps .move{color:var(--muted);font-size:13px;padding:0 8px;text-align:center}\
.steps .move::after{content:' \\2192'}.steps .break{border-style:dashed;border-color:var(--support)}\
.signs{margin:4px 0 0;padding:0;list-style:none;font-size:15px}\
.talk{width:100%;border-collapse:collapse;font-size:15px}.talk td{padding:3px 10px 3px 0;vertical-align:top}\
.talk .at{white-space:nowrap;font-variant-numeric:tabular-nums;width:52px}.talk .by{white-space:nowrap;font-weight:600;width:88px}\
.talk .said{overflow-wrap:anywhere;unicode-bidi:isolate;max-width:90ch}.talk .around td{color:var(--muted)}.talk .hush td{color:var(--silence);font-style:italic;padding-top:1px;padding-bottom:1px}\
.by.client{color:var(--client)}.by.therapist{color:var(--therapist)}.by.other{color:var(--open)}\
.excerpt{max-height:420px;overflow-y:auto}\
table.data{border-collapse:collapse;width:100%;font-size:15px}table.data th{text-align:left;font-size:13px;color:var(--muted);font-weight:600;white-space:nowrap}table.data td:first-child{min-width:8ch}\
table.data td,table.data th{padding:6px 14px 6px 0;border-bottom:1px solid var(--line);vertical-align:top;overflow-wrap:anywhere}\
table.data td.num,table.data th.num{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}\
.meter{display:block;width:140px;height:12px;margin-top:6px;border:1px solid var(--hatch);border-radius:3px;overflow:hidden}\
.meter i{display:block;height:100%;background:var(--support)}code{font:13px ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;overflow-wrap:anywhere}\
.plain{margin:0;padding-left:20px}.plain li{margin:4px 0;max-width:84ch}\
@media(max-width:700px){main,header,footer{padding-left:14px;padding-right:14px}.card{padding:14px}h1{font-size:24px}.head .cost{margin-left:0;width:100%}\
ul.ev li{grid-template-columns:22px 1fr}ul.ev .how{grid-column:2;white-space:normal}.talk,.talk tbody{display:block}.talk tr{display:flex;flex-wrap:wrap;padding:4px 0}.talk .said{width:100%}.talk td{padding:0 10px 0 0}}\
@media print{body{background:#fff;font-size:11pt}nav,.skip{display:none}.card{border-color:#bbb;padding:10px 12px;break-inside:avoid-page}\
.candidate{break-inside:auto}.candidate .top{break-inside:avoid}h2{break-after:avoid}.excerpt{max-height:none;overflow:visible}.wide{overflow:visible}.tl{min-width:0}\
tr,li{break-inside:avoid}a{color:inherit;text-decoration:none}*{-webkit-print-color-adjust:exact;print-color-adjust:exact}@page{margin:14mm}}";
