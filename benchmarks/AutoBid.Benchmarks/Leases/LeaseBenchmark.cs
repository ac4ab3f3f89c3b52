using System.Globalization;
using System.Text;
using AutoBid.Core.Campaigns;
using AutoBid.Engine.Leases;
using AutoBid.Simulator.Leases;

namespace AutoBid.Benchmarks.Leases;

/// <summary><c>bench leases</c>: the share of a budget that holds strand, and what an open hold takes of memory. The same figures in every run.</summary>
internal static class LeaseBenchmark
{
    /// <param name="args">--out FILE, --machine LINES.</param>
    public static async Task RunAsync(string[] args)
    {
        string file = "stranded.md", machine = "";
        for (int i = 0; i < args.Length; i += 2)
        {
            if (i + 1 >= args.Length) throw new ArgumentException($"{args[i]} needs a value");
            if (args[i] == "--out") file = args[i + 1];
            else if (args[i] == "--machine") machine = args[i + 1];
            else throw new ArgumentException($"bench leases does not know {args[i]}");
        }

        var options = new StrandedDayOptions { Reservation = Reservation.Strict, Hold = TimeSpan.FromMinutes(5) };
        var table = new StringBuilder();
        table.AppendLine("# Budget stranded by holds, and memory of a hold").AppendLine();
        table.AppendLine("Command: `./autobid bench leases` (deterministic but for the line about the machine)").AppendLine().AppendLine(machine).AppendLine();
        table.AppendLine(CultureInfo.InvariantCulture, $"One campaign bids evenly all day, {options.BidsPerSecond:F1} bids a second at {options.MeanBidNanos / 1e6:F0} CPM on average (half to one and a half");
        table.AppendLine(CultureInfo.InvariantCulture, $"of it); {options.WinRate:P0} of the bids win and are billed at their price with the next second; no loss notice ever comes. The budget pays for");
        table.AppendLine(CultureInfo.InvariantCulture, $"{options.BidsPaidPerHour:N0} bids an hour, which is what the winning bids cost. One node, the engine's own lease desk and refiller. Shares are of the daily budget.").AppendLine();
        table.AppendLine("| reservation | hold | open holds, mean | open holds, most | idle headroom, mean | spent by midnight | of it adjustments | bids refused | refused in the first 12 h |");
        table.AppendLine("|---|---|---|---|---|---|---|---|---|");
        foreach (Reservation reservation in new[] { Reservation.Strict, Reservation.Expected })
        {
            foreach (int minutes in new[] { 5, 30 })
            {
                StrandedDayResult day = await StrandedDay.PlayAsync(options with { Reservation = reservation, Hold = TimeSpan.FromMinutes(minutes) }, CancellationToken.None);
                string name = reservation == Reservation.Strict ? "strict" : "expected";
                table.AppendLine(CultureInfo.InvariantCulture, $"| {name} | {minutes} min | {day.HeldMean:P2} | {day.HeldMost:P2} | {day.HeadroomMean:P2} | {day.Spent:P2} | {day.Adjusted:P2} | {day.Refused:P2} | {day.RefusedInFirstHalf:P2} |");
            }
        }

        table.AppendLine().AppendLine("Memory of cells, directories and free segments over open holds, after three hold lengths at 1,000 bids a second:").AppendLine();
        table.AppendLine("| holds | open | bytes an open hold | target |").AppendLine("|---|---|---|---|");
        Row(table, "5 min, no notices", 0, 0);
        Row(table, "5 min, 60 % ended by notices within a second", 0.6, 0);
        Row(table, "5 min, 95 % ended by notices within a second", 0.95, 0);
        Row(table, "95 % of 5 min, 5 % of 30 min (video), no notices", 0, 0.05);
        await File.WriteAllTextAsync(file, table.ToString());
        Console.Write(table);
    }

    private static void Row(StringBuilder table, string name, double early, double video)
    {
        (int open, double bytes) = Fill(early, video);
        table.AppendLine(CultureInfo.InvariantCulture, $"| {name} | {open:N0} | {bytes:F1} | 48 |");
    }

    private static (int Open, double BytesPerHold) Fill(double early, double video)
    {
        var desk = new LeaseDesk();
        desk.EnsureCapacity(1);
        desk.Grant(0, 1, 20250101, long.MaxValue / 2, long.MaxValue, 1);
        var random = new Random(1);
        var ended = new Queue<long>();
        int open = 0, longest = video > 0 ? 1800 : 300;
        for (int second = 0; second < 3 * longest; second++)
        {
            while (ended.TryDequeue(out long seq)) desk.GiveBack(1, desk.EndHold(1, seq));
            open -= desk.Sweep(0, second);
            for (int i = 0; i < 1000; i++)
            {
                if (i % 100 == 0) desk.Tune(0, 0, 400);
                if (!desk.TryHold(0, 1, second, random.NextDouble() < video ? 1800 : 300, out HeldBid held)) throw new InvalidOperationException("no hold");
                if (random.NextDouble() < early) ended.Enqueue(held.Seq);
                else open++;
            }
        }

        return (open, desk.HoldBytes / (double)(open + ended.Count));
    }
}
