using AutoBid.Core.Money;
using AutoBid.Engine;
using AutoBid.Engine.Bidding;
using AutoBid.Engine.Campaigns;
using AutoBid.Engine.Leases;
using AutoBid.Server.Auth;
using AutoBid.Server.Campaigns;
using AutoBid.Server.Http;

namespace AutoBid.Server.Multipliers;

/// <summary>
/// <c>POST /v1/multipliers</c>: the current multiplier of each campaign, with a lease for a DSP that bids by itself and must not spend more before it
/// expires. The same key and node renew one cumulative lease.
/// </summary>
public sealed class MultipliersEndpoint(AutoBidEngine engine, DecisionHistory history)
{
    public const int BodyLimit = 1024 * 1024;
    public const int MostIds = 10_000;

    public sealed record Query(string? Node, IReadOnlyList<string>? CampaignIds);

    public async Task<IResult> HandleAsync(HttpContext http)
    {
        (Query? body, IResult? problem) = await JsonBody.ReadAsync<Query>(http, BodyLimit).ConfigureAwait(false);
        if (problem is not null) return problem;
        if (body!.CampaignIds is not { } ids) return Problems.Of(StatusCodes.Status400BadRequest, "campaignIds: an array is required.");
        if (ids.Count > MostIds) return Problems.Of(StatusCodes.Status400BadRequest, $"campaignIds: at most {MostIds}.");
        if (body.Node is { } node && (node.Length is 0 or > 64)) return Problems.Of(StatusCodes.Status400BadRequest, "node: 1 to 64 characters.");

        var multipliers = new List<object>(ids.Count);
        foreach (string id in ids) multipliers.Add(await OneAsync(http.Caller(), body.Node, id, http.RequestAborted).ConfigureAwait(false));
        return Results.Ok(new { multipliers });
    }

    private async Task<object> OneAsync(Caller caller, string? node, string id, CancellationToken cancellation)
    {
        if (!engine.Index.TryFind(id, out int index) || engine.SettingsOf(index) is not { TenantId: var tenant } || !caller.MayActFor(tenant)
            || await engine.LookAsync(tenant, id, cancellation).ConfigureAwait(false) is not { } view)
        {
            return new { id, error = "unknown campaign" };
        }

        engine.Slots.Read(index, out BidSlot slot);
        object? lease = null;
        if (node is not null
            && await engine.GrantToAsync(tenant, id, $"dsp/{caller.KeyId}/{node}", cancellation).ConfigureAwait(false) is { Grant.LeaseId: not 0 } outside)
        {
            lease = new { id = outside.Grant.LeaseId, amount = Nanos.ToDecimal(outside.LeftNanos), expiresAt = Instant(outside.Grant.ExpiresTicks) };
        }

        var last = history.Of(id, 1);
        return new
        {
            id,
            multiplier = view.Multiplier,
            bidPerValue = slot.BidPerValue,
            floor = Nanos.ToDecimal(slot.FloorNanos),
            cap = slot.CapNanos == 0 ? (decimal?)null : Nanos.ToDecimal(slot.CapNanos),
            remaining = Nanos.ToDecimal(Math.Max(view.Settings.DailyBudgetNanos - view.SpentNanos, 0)),
            version = slot.Version,
            expiresAt = Instant(slot.ExpiresTicks),
            reasons = last.Count > 0 ? last[0].Reasons : [],
            lease,
        };
    }

    private static DateTime? Instant(long ticks) => ticks <= 0 || ticks > DateTime.MaxValue.Ticks - 1 ? null : new DateTime(ticks, DateTimeKind.Utc);
}
