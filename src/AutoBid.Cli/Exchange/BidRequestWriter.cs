using System.Buffers.Text;
using System.Text;
using AutoBid.OpenRtb.Writing;
using AutoBid.Simulator.Auctions;
using AutoBid.Simulator.Market;

namespace AutoBid.Cli.Exchange;

/// <summary>
/// Writes the OpenRTB 2.6 bid request of a market opportunity into a buffer that the next request reuses: one banner impression, its candidates in
/// imp.ext.autobid. A value is written as the whole number of its 1e-9, so the service reads the same double that a player in process sees.
/// </summary>
internal sealed class BidRequestWriter
{
    private const int PerCandidateBytes = 64;

    /// <summary>Length of <c>{"id":"</c>.</summary>
    private const int IdStart = 7;

    private readonly byte[] _head;
    private readonly byte[][] _candidateHeads;
    private readonly byte[][] _candidateTails;
    private readonly byte[] _auctionPrefix;
    private readonly byte[] _buffer;
    private int _length;
    private int _auctionLength;

    /// <param name="auctionPrefix">Start of every auction id; only letters, digits, '-', '_', '.' or ':'.</param>
    public BidRequestWriter(MarketOptions market, string auctionPrefix)
    {
        if (auctionPrefix.Any(c => !char.IsAsciiLetterOrDigit(c) && c is not ('-' or '_' or '.' or ':')))
            throw new ArgumentException("An auction prefix has only letters, digits, '-', '_', '.' and ':'.", nameof(auctionPrefix));
        int at = market.Pricing == AuctionPricing.FirstPrice ? 1 : 2;
        _auctionPrefix = Encoding.ASCII.GetBytes(auctionPrefix);
        _head = Encoding.ASCII.GetBytes(
            $"\",\"at\":{at},\"tmax\":100,\"cur\":[\"USD\"],\"site\":{{\"id\":\"demo\",\"domain\":\"news.example\"}}," +
            "\"imp\":[{\"id\":\"1\",\"banner\":{\"w\":300,\"h\":250},\"bidfloorcur\":\"USD\",\"bidfloor\":");
        _candidateHeads = [.. market.Campaigns.Select(campaign => Encoding.UTF8.GetBytes($"{{\"campaign\":\"{campaign.Id}\",\"value\":"))];
        _candidateTails = [.. market.Campaigns.Select(Creative)];
        int candidates = _candidateHeads.Sum(head => head.Length) + _candidateTails.Sum(tail => tail.Length) + market.Campaigns.Count * PerCandidateBytes;
        _buffer = new byte[512 + _auctionPrefix.Length + _head.Length + candidates];
    }

    /// <summary>The request; valid until the next one is written.</summary>
    public ReadOnlyMemory<byte> Written => _buffer.AsMemory(0, _length);

    /// <summary>Id of the auction in <see cref="Written"/>.</summary>
    public ReadOnlySpan<byte> Auction => _buffer.AsSpan(IdStart, _auctionLength);

    /// <summary>Writes the request. False: no campaign has a value above 0, so there is nothing to ask for.</summary>
    public bool TryWrite(in MarketOpportunity opportunity)
    {
        _length = 0;
        Append("{\"id\":\""u8);
        Append(_auctionPrefix);
        Append(opportunity.Index);
        _auctionLength = _length - IdStart;
        Append(_head);
        _length += CpmText.Write(opportunity.FloorNanos, _buffer.AsSpan(_length));
        Append(",\"ext\":{\"autobid\":{\"candidates\":["u8);
        int written = 0;
        foreach (ref readonly MarketCandidate candidate in opportunity.Candidates)
        {
            if (candidate.ValueE9 <= 0) continue;
            if (written++ > 0) Append(","u8);
            Append(_candidateHeads[candidate.Campaign]);
            AppendValue(candidate.ValueE9);
            Append(_candidateTails[candidate.Campaign]);
        }

        Append("]}}}]}"u8);
        return written > 0;
    }

    private static byte[] Creative(MarketCampaign campaign) => Encoding.UTF8.GetBytes(
        $",\"crid\":\"{campaign.Id}-1\",\"adomain\":[\"{campaign.Id}.example\"],\"adm\":\"<a href=\\\"https://{campaign.Id}.example/\\\">{campaign.Id}</a>\",\"w\":300,\"h\":250}}");

    private void Append(ReadOnlySpan<byte> bytes)
    {
        bytes.CopyTo(_buffer.AsSpan(_length));
        _length += bytes.Length;
    }

    private void Append(long number)
    {
        Utf8Formatter.TryFormat(number, _buffer.AsSpan(_length), out int written);
        _length += written;
    }

    private void AppendValue(long valueE9)
    {
        (long whole, long fraction) = Math.DivRem(valueE9, 1_000_000_000);
        Append(whole);
        _buffer[_length++] = (byte)'.';
        for (long unit = 100_000_000; unit > 0; unit /= 10)
        {
            (long digit, fraction) = Math.DivRem(fraction, unit);
            _buffer[_length++] = (byte)('0' + digit);
        }
    }
}
