namespace AutoBid.Simulator.Reports;

/// <summary>The report's style sheet. Colours are chosen to differ for colour-blind readers too (after Okabe and Ito), a set each for light and dark.</summary>
internal static class HtmlStyle
{
    public const string Sheet = """
        :root{color-scheme:light dark;--bg:#fbfbf9;--card:#ffffff;--ink:#1c2126;--soft:#5d6670;--grid:#e9e9e4;--edge:#deded7;--zero:#8b929a;
        --c0:#0067a8;--c1:#c8510a;--c2:#00825f;--c3:#b2508d;--c4:#a87400;--c5:#2f93c8;--c6:#6a4fb0;--c7:#6b6b6b;
        --b0:#a9c6dc;--b1:#7fabcb;--b2:#558fb8;--b3:#2c72a3;--b4:#0a4f80}
        @media (prefers-color-scheme:dark){:root{--bg:#14171a;--card:#1b1f23;--ink:#e8e6e1;--soft:#9aa3ac;--grid:#292e34;--edge:#333a41;--zero:#77808a;
        --c0:#57b0ea;--c1:#f58a4b;--c2:#36c498;--c3:#e391c3;--c4:#e8b43c;--c5:#93d3f5;--c6:#ae97ea;--c7:#b0b0b0;
        --b0:#34566f;--b1:#427494;--b2:#5793b8;--b3:#79b4d8;--b4:#acd8f4}}
        *{box-sizing:border-box}
        body{margin:0;background:var(--bg);color:var(--ink);font:15px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",sans-serif;-webkit-text-size-adjust:100%}
        header,main,footer{max-width:1160px;margin:0 auto;padding:0 20px}
        header{padding-top:36px}
        h1{font-size:26px;line-height:1.2;margin:0 0 6px;font-weight:650;letter-spacing:-.01em}
        h2{font-size:17px;margin:34px 0 2px;font-weight:620}
        h3{font-size:13px;margin:0 0 4px;font-weight:600;color:var(--ink)}
        p{margin:0 0 12px;max-width:78ch;color:var(--soft)}
        .lead{color:var(--ink);font-size:16px}
        dl{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,150px),1fr));gap:10px 20px;margin:20px 0 8px;padding:14px 0;border:solid var(--edge);border-width:1px 0}
        dt{font-size:12px;color:var(--soft)}
        dd{margin:0;font-variant-numeric:tabular-nums;overflow-wrap:anywhere}
        .tab{position:absolute;opacity:0;pointer-events:none}
        nav{position:sticky;top:0;z-index:2;background:var(--bg);border-bottom:1px solid var(--edge);margin-top:22px}
        nav div{max-width:1160px;margin:0 auto;padding:8px 20px;display:flex;flex-wrap:wrap;gap:6px}
        nav label{padding:5px 12px;border-radius:6px;color:var(--soft);cursor:pointer;font-size:14px;border:1px solid transparent}
        nav label:hover{color:var(--ink)}
        .legend{display:flex;flex-wrap:wrap;gap:4px 18px;margin:14px 0 0;padding:0;list-style:none;font-size:14px}
        .chip{display:inline-block;width:10px;height:10px;border-radius:50%;background:var(--c);margin-right:7px}
        .chip.dashed{background:none;border:3px solid var(--c)}
        .panels{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,330px),1fr));gap:18px 22px;margin-top:10px}
        .panels.wide{grid-template-columns:repeat(auto-fill,minmax(min(100%,440px),1fr))}
        .panel{min-width:0}
        svg{display:block;width:100%;height:auto;overflow:visible;font:11px system-ui,-apple-system,"Segoe UI",Roboto,sans-serif}
        .c0{--c:var(--c0)}.c1{--c:var(--c1)}.c2{--c:var(--c2)}.c3{--c:var(--c3)}.c4{--c:var(--c4)}.c5{--c:var(--c5)}.c6{--c:var(--c6)}.c7{--c:var(--c7)}
        .b0{--c:var(--b0)}.b1{--c:var(--b1)}.b2{--c:var(--b2)}.b3{--c:var(--b3)}.b4{--c:var(--b4)}
        .grid{stroke:var(--grid);stroke-width:1;shape-rendering:crispEdges}
        .zero{stroke:var(--zero);stroke-width:1;shape-rendering:crispEdges}
        .ideal{fill:none;stroke:var(--zero);stroke-width:1.2;stroke-dasharray:2 3}
        .tick{fill:var(--soft);font-variant-numeric:tabular-nums}
        .figure{fill:var(--ink);font-variant-numeric:tabular-nums}
        .name{fill:var(--c);font-weight:600}
        .name.quiet{fill:var(--soft);font-weight:400}
        .curve,.trend,.faint{fill:none;stroke:var(--c);stroke-linejoin:round;stroke-linecap:round}
        .curve{stroke-width:1.9}
        .trend{stroke-width:1;opacity:.3}
        .faint{stroke-width:1;opacity:.55}
        .curve.dashed,.trend.dashed,.faint.dashed,.whisker.dashed{stroke-dasharray:5 3}
        .band{fill:var(--c);opacity:.15;stroke:none}
        .whisker{stroke:var(--c);stroke-width:1.8;stroke-linecap:round}
        .dot{fill:var(--c);stroke:var(--bg);stroke-width:1}
        .hollow{fill:var(--bg);stroke:var(--c);stroke-width:1.5}
        .scroll{overflow-x:auto;margin-top:12px}
        table{border-collapse:collapse;font-size:13.5px;font-variant-numeric:tabular-nums;white-space:nowrap;width:100%}
        th,td{padding:4px 10px;text-align:right;font-weight:400}
        th:first-child,td:first-child{text-align:left;padding-left:0}
        thead th{color:var(--soft);border-bottom:1px solid var(--edge);font-size:12.5px;vertical-align:bottom}
        thead th[title]:not([title=""]){cursor:help}
        tbody tr+tr{border-top:1px solid var(--grid)}
        .block th{padding-top:16px;font-weight:620}
        .block span{font-weight:400;color:var(--soft);margin-left:12px}
        .best{font-weight:650}.best th,.best td{font-weight:650}
        footer{margin-top:40px;padding-bottom:40px;color:var(--soft);font-size:13px}
        footer p{max-width:none}
        code{font:12.5px ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;overflow-wrap:anywhere}
        @media (max-width:520px){header,main,footer,nav div{padding-left:14px;padding-right:14px}header{padding-top:22px}h1{font-size:22px}nav{position:static}.wide svg{font-size:13.5px}}
        """;
}
