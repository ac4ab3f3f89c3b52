using AutoBid.Engine.Tests.Fakes;
namespace AutoBid.Engine.Tests.Model;
internal static class Dbg
{
    public static string Dump(AutoBidEngine e, InMemoryEventLog log)
    {
        var lines = new List<string>();
        for (int c = 0; c < e.Book.Count; c++)
        {
            ref var s = ref e.Book[c];
            lines.Add($"{e.Book.Index.IdOf(c)} day {s.Day} spent {s.SpentNanos} conv {s.Conversions} {s.ConversionValueMicros} block {s.Block}");
            if (s.Block >= 0) { var v = e.Book.Trajectories.View(s.Block); for (int i = 0; i < v.Closed; i++) if (v.Rows[i].Impressions + v.Rows[i].Cost + v.Rows[i].LateCost + v.Rows[i].Multiplier > 0) lines.Add($"   row {i} {v.Rows[i]} imp {v.Rows[i].Impressions} cost {v.Rows[i].Cost} late {v.Rows[i].LateCost} mult {v.Rows[i].Multiplier} conv {v.Rows[i].Conversions} {v.Rows[i].LateConversions}"); }
        }
        lines.Add($"seen {e.Seen.Count}");
        lines.AddRange(log.Position.Where(p => p.NextOffset > 0).Select(p => p.ToString()));
        return string.Join("\n", lines);
    }
}
