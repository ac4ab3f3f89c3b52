using System.IO.Compression;
using System.Text;
using AutoBid.Core.Time;
using AutoBid.Simulator.Auctions;
using AutoBid.Simulator.Periods;
using AutoBid.Simulator.Random;
using AutoBid.Simulator.Traffic;

namespace AutoBid.Simulator.Replay;

/// <summary>
/// Writes played periods as the benchmark's auction log (auction.md, Log schema): one row per opportunity and advertiser, opportunities in order, the
/// advertisers of each in order. A path that ends in .gz is compressed. A full period is 24 million rows, about 2.4 GB plain.
/// The file takes its name when <see cref="Complete"/> is called; before, it is beside it as .tmp.
/// </summary>
public sealed class AuctionLogWriter : IPeriodObserver, IDisposable
{
    private readonly string _path;
    private readonly Stream _stream;
    private readonly Utf8Output _output;
    private readonly int[] _winners = new int[AuctionRules.MostSlots];
    private readonly float[] _prices = new float[AuctionRules.MostSlots];
    private AuctionNetTraffic _traffic = null!;
    private ConversionModel _conversions = null!;
    private PeriodSetup _setup = null!;
    private RandomStream[] _noise = [];
    private byte[][] _constants = [];
    private bool[] _ends = [];
    private int _firstOpportunity;
    private bool _isOpen = true;

    /// <exception cref="IOException">The file cannot be made.</exception>
    public AuctionLogWriter(string path)
    {
        _path = Path.GetFullPath(path);
        if (Path.GetDirectoryName(_path) is { } folder) Directory.CreateDirectory(folder);
        var file = new FileStream(Beside, FileMode.Create, FileAccess.Write, FileShare.Read, bufferSize: 0);
        _stream = _path.EndsWith(".gz", StringComparison.OrdinalIgnoreCase) ? new GZipStream(file, CompressionLevel.Fastest) : file;
        _output = new Utf8Output(_stream);
        _output.Write(Encoding.ASCII.GetBytes(string.Join(',', AuctionLogSchema.Names) + "\n"));
    }

    /// <summary>Rows written so far.</summary>
    public long Rows { get; private set; }

    private string Beside => _path + ".tmp";

    public void OnStarted(PeriodSetup setup)
    {
        _setup = setup;
        _traffic = new AuctionNetTraffic(setup.Seed, setup.Period, setup.Traffic);
        _conversions = new ConversionModel(_traffic);
        _noise = new RandomStream[_traffic.Advertisers];
        _constants = new byte[_traffic.Advertisers][];
        _ends = new bool[_traffic.Advertisers];
        _firstOpportunity = 0;
    }

    public void OnDecided(PeriodStep step)
    {
    }

    public void OnPlayed(PeriodStep step)
    {
        Begin(step);
        for (int opportunity = 0; opportunity < step.Traffic.Opportunities; opportunity++)
        {
            Sales(step.Auction, opportunity);
            for (int seat = 0; seat < _constants.Length; seat++) Row(step, opportunity, seat);
        }

        _firstOpportunity += step.Traffic.Opportunities;
    }

    public void OnFinished(PeriodResult result)
    {
    }

    /// <summary>Finishes the file and gives it its name.</summary>
    public void Complete()
    {
        _output.Flush();
        _stream.Dispose();
        _isOpen = false;
        File.Move(Beside, _path, overwrite: true);
    }

    /// <summary>Removes the file where <see cref="Complete"/> was not called.</summary>
    public void Dispose()
    {
        if (!_isOpen) return;
        _isOpen = false;
        _stream.Dispose();
        File.Delete(Beside);
    }

    private void Begin(PeriodStep step)
    {
        using var constants = new MemoryStream();
        var text = new Utf8Output(constants, 512);
        for (int seat = 0; seat < _constants.Length; seat++)
        {
            Seat money = _setup.LineUp.Agents[seat].Seat;
            double left = step.Left[seat] - step.Auction.Totals[seat].Cost;
            _ends[seat] = step.Step == StepClock.StepsPerDay - 1 || left < _setup.Rules.SmallestBudget;
            _noise[seat] = _traffic.Stream(step.Step, seat, DrawPurpose.Noise);
            constants.SetLength(0);
            text.Field(_setup.Period);
            text.Field(seat);
            text.Field(AuctionNetSeats.CategoryOf(seat));
            text.Field(money.Budget);
            text.Field(money.TargetCpa);
            text.Field(step.Step);
            text.Field(step.Left[seat]);
            text.Flush();
            _constants[seat] = constants.ToArray();
        }
    }

    private void Sales(SlotAuction auction, int opportunity)
    {
        _winners.AsSpan().Fill(-1);
        for (int slot = 0; slot < auction.Rules.Slots; slot++)
        {
            if (!auction.TryGetSale(opportunity, slot, out int winner, out float price)) break;
            (_winners[slot], _prices[slot]) = (winner, price);
        }
    }

    private void Row(PeriodStep step, int opportunity, int seat)
    {
        float value = step.Traffic.Values(seat)[opportunity];
        int slot = Array.IndexOf(_winners, seat);
        bool exposed = slot >= 0 && step.Auction.IsExposed(opportunity, slot);
        _output.Write(_constants[seat]);
        _output.Field(_firstOpportunity + opportunity);
        _output.Field(value);
        _output.Field((float)(value * _traffic.Noise(seat).Relative(_noise[seat].SingleNormal(opportunity))));
        _output.Field(step.Bids.Row(seat)[opportunity]);
        _output.Flag(slot >= 0);
        _output.Field(slot + 1);
        _output.Field(slot >= 0 ? _prices[slot] : 0);
        _output.Flag(exposed);
        _output.Flag(exposed && _conversions.Converts(step.Step, seat, opportunity, value));
        _output.Field(step.Auction.LeastWinningCost(opportunity));
        _output.Flag(_ends[seat], '\n');
        Rows++;
    }
}
