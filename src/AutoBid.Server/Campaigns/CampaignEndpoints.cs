using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using AutoBid.Core.Campaigns;
using AutoBid.Core.Money;
using AutoBid.Engine;
using AutoBid.Engine.Campaigns;
using AutoBid.Engine.Ports;
using AutoBid.Policies.Contracts;
using AutoBid.Policies.Fallback;
using AutoBid.Server.Auth;
using AutoBid.Server.Http;

namespace AutoBid.Server.Campaigns;

/// <summary><c>/v1/campaigns</c>: settings with optimistic concurrency, and the day behind them.</summary>
public sealed class CampaignEndpoints(ICampaignStore store, Outbox outbox, AutoBidEngine engine, PolicyCatalog policies, DecisionHistory history)
{
    private const int MostListed = 500;
    private const int BodyLimit = 64 * 1024;

    public async Task<IResult> CreateAsync(HttpContext http)
    {
        (CampaignDocument? body, IResult? problem) = await JsonBody.ReadAsync<CampaignDocument>(http, BodyLimit).ConfigureAwait(false);
        if (problem is not null) return problem;
        string? key = http.Request.Headers["Idempotency-Key"];
        string id = body!.Id ?? (string.IsNullOrEmpty(key) ? Guid.NewGuid().ToString("N") : IdOf(http.Caller().TenantId, key));
        if (!body.TryToCampaign(id, http.Caller().TenantId, out Campaign campaign, out var errors)) return Problems.Invalid(errors);
        if (!policies.IsKnown(campaign.Policy)) return Problems.Invalid([new("policy", $"is not served here; one of {string.Join(", ", policies.Names)}")]);

        Campaign stored = campaign;
        bool created = true;
        if (string.IsNullOrEmpty(key))
        {
            if (!await store.CreateAsync(campaign, http.RequestAborted).ConfigureAwait(false)) return Taken(id);
        }
        else
        {
            if (key.Length > 128) return Problems.Of(StatusCodes.Status400BadRequest, "Idempotency-Key: at most 128 characters.");
            try
            {
                if (await store.CreateOnceAsync(campaign, key, http.RequestAborted).ConfigureAwait(false) is not { } once) return Taken(id);
                (stored, created) = once;
            }
            catch (IdempotencyMismatchException e)
            {
                return Problems.Of(StatusCodes.Status422UnprocessableEntity, e.Message);
            }
        }

        await TryPublishAsync(http.RequestAborted).ConfigureAwait(false);
        http.Response.Headers.ETag = TagOf(stored);
        CampaignDocument document = CampaignDocument.Of(stored);
        return created ? Results.Created($"/v1/campaigns/{stored.Id}", document) : Results.Ok(document);
    }

    public async Task<IResult> ReplaceAsync(HttpContext http, string id)
    {
        string? match = http.Request.Headers.IfMatch;
        if (string.IsNullOrEmpty(match)) return Problems.Of(StatusCodes.Status428PreconditionRequired, "If-Match with the campaign's ETag is required.");
        if (!long.TryParse(match.Trim('"'), NumberStyles.None, CultureInfo.InvariantCulture, out long version)) return Stale();
        (CampaignDocument? body, IResult? problem) = await JsonBody.ReadAsync<CampaignDocument>(http, BodyLimit).ConfigureAwait(false);
        if (problem is not null) return problem;
        if (body!.Id is { } named && named != id) return Problems.Invalid([new("id", "is not the one of the address")]);
        if (!body.TryToCampaign(id, http.Caller().TenantId, out Campaign campaign, out var errors)) return Problems.Invalid(errors);
        if (!policies.IsKnown(campaign.Policy)) return Problems.Invalid([new("policy", $"is not served here; one of {string.Join(", ", policies.Names)}")]);
        return await StoreAsync(http, campaign, version).ConfigureAwait(false);
    }

    public async Task<IResult> DeleteAsync(HttpContext http, string id)
    {
        if (await store.GetAsync(http.Caller().TenantId, id, http.RequestAborted).ConfigureAwait(false) is not { } campaign) return Unknown();
        // Archived, not erased: its ledger and its identities must outlive it.
        IResult result = await StoreAsync(http, campaign with { Status = CampaignStatus.Archived }, campaign.Version).ConfigureAwait(false);
        return http.Response.Headers.ETag.Count > 0 ? Results.NoContent() : result;
    }

    public async Task<IResult> GetAsync(HttpContext http, string id)
    {
        if (await store.GetAsync(http.Caller().TenantId, id, http.RequestAborted).ConfigureAwait(false) is not { } campaign) return Unknown();
        http.Response.Headers.ETag = TagOf(campaign);
        return Results.Ok(CampaignDocument.Of(campaign));
    }

    public async Task<IResult> ListAsync(HttpContext http, string? after, int? limit)
    {
        int count = Math.Clamp(limit ?? 100, 1, MostListed);
        IReadOnlyList<Campaign> found = await store.ListAsync(http.Caller().TenantId, after, count, http.RequestAborted).ConfigureAwait(false);
        return Results.Ok(new { campaigns = found.Select(CampaignDocument.Of), next = found.Count == count ? found[^1].Id : null });
    }

    public async Task<IResult> TrajectoryAsync(HttpContext http, string id)
    {
        if (await engine.LookAsync(http.Caller().TenantId, id, http.RequestAborted).ConfigureAwait(false) is not { } view) return Unknown();
        if (IsKeptElsewhere(id)) return Elsewhere();
        DayPlan[] plans = [.. history.Of(id, DecisionHistory.Kept).Where(d => d.Day == view.Day).Select(d => d.Plan).OfType<DayPlan>()];
        return Results.Ok(new
        {
            campaign = id,
            day = view.Day,
            budget = Nanos.ToDecimal(view.Settings.DailyBudgetNanos),
            spent = Nanos.ToDecimal(view.SpentNanos),
            adjustments = Nanos.ToDecimal(view.AdjustedNanos),
            conversions = view.Conversions,
            conversionValue = view.ConversionValueMicros / 1_000_000m,
            expectedValue = view.ValueWonE9 / 1_000_000_000m,
            reference = view.Reference,
            multiplier = view.Multiplier,
            lease = new { headroom = Nanos.ToDecimal(view.Lease.HeadroomNanos), granted = Nanos.ToDecimal(view.Lease.GrantedNanos), settled = Nanos.ToDecimal(view.Lease.SettledNanos) },
            steps = view.Rows.Select((row, step) => new
            {
                step,
                impressions = row.Impressions,
                sumValue = row.SumValue,
                multiplier = row.Multiplier,
                meanLeastWinningCost = row.MeanLeastWinningCost,
                signals = row.Signals,
                wins = row.Wins,
                exposures = row.Exposures,
                cost = row.Cost,
                conversions = row.Conversions,
                conversionValue = row.ConversionValue,
                valueWon = row.ValueWon,
                lateCost = row.LateCost,
                lateConversions = row.LateConversions,
                elapsed = row.Elapsed,
                planned = PlannedFor(plans, step, view),
            }),
            plan = plans.LastOrDefault() is not { } last ? null : new
            {
                step = last.FirstStep,
                promise = double.IsFinite(last.Promise) ? last.Promise : (double?)null,
                cost = last.Spend.Select(share => share * view.Settings.DailyBudget),
                valueWon = last.Value.Select(share => share * view.Settings.DailyBudget / view.Reference),
            },
        });
    }

    /// <summary>What the step was planned to cost and win when it began; null without a plan of then.</summary>
    private static object? PlannedFor(DayPlan[] plans, int step, CampaignStatusView view)
        => Array.FindLast(plans, plan => plan.FirstStep == step) is { } plan
            ? new { cost = plan.Spend[0] * view.Settings.DailyBudget, valueWon = plan.Value[0] * view.Settings.DailyBudget / view.Reference }
            : null;

    private bool IsKeptElsewhere(string id) => engine.Index.TryFind(id, out int campaign) && !engine.Keeps(campaign);

    /// <summary>Half an answer would look like a whole one: what this node knows of the campaign is its slot, not its ledger.</summary>
    private static IResult Elsewhere()
        => Problems.Of(StatusCodes.Status421MisdirectedRequest, "Another node keeps this campaign's ledger now: ask the others.");

    /// <summary>The click days, oldest first. Conversions by click, spend by bid day with late bills and adjustments, account currency.</summary>
    public async Task<IResult> DaysAsync(HttpContext http, string id)
    {
        if (await engine.DaysAsync(http.Caller().TenantId, id, http.RequestAborted).ConfigureAwait(false) is not { } days) return Unknown();
        if (IsKeptElsewhere(id)) return Elsewhere();
        return Results.Ok(days.Select(day => new
        {
            day = day.Day,
            version = day.Version,
            spend = Nanos.ToDecimal(day.SpentNanos),
            conversions = day.Conversions,
            conversionValue = day.ConversionValueMicros / 1_000_000m,
            expectedFinalConversions = Math.Round(day.ExpectedFinalConversions, 3),
            expectedFinalDeviation = Math.Round(day.Deviation, 3),
            closed = day.IsClosed,
        }));
    }

    public async Task<IResult> DecisionsAsync(HttpContext http, string id, int? limit)
    {
        if (await store.GetAsync(http.Caller().TenantId, id, http.RequestAborted).ConfigureAwait(false) is null) return Unknown();
        return Results.Ok(new
        {
            decisions = history.Of(id, Math.Clamp(limit ?? 100, 1, 2_000)).Select(d => new
            {
                time = new DateTime(d.TimeTicks, DateTimeKind.Utc),
                day = d.Day,
                step = d.Step,
                tick = d.Tick,
                policy = d.Policy,
                model = d.Model,
                fallback = d.FallbackStep is null ? null : new { step = d.FallbackStep, reason = d.FallbackReason },
                reasons = d.Reasons,
                rawMultiplier = double.IsFinite(d.RawMultiplier) ? d.RawMultiplier : (double?)null,
                multiplier = d.Multiplier,
                safeMultiplier = d.SafeMultiplier,
                reference = d.Reference,
                spent = Nanos.ToDecimal(d.SpentNanos),
                latencyMs = d.LatencyMs,
            }),
        });
    }

    private async Task<IResult> StoreAsync(HttpContext http, Campaign campaign, long version)
    {
        if (await store.UpdateAsync(campaign, version, http.RequestAborted).ConfigureAwait(false) is not { } update) return Unknown();
        if (!update.Applied) return Stale();
        await TryPublishAsync(http.RequestAborted).ConfigureAwait(false);
        http.Response.Headers.ETag = TagOf(update.Stored);
        return Results.Ok(CampaignDocument.Of(update.Stored));
    }

    /// <summary>The change is stored whatever happens here: what cannot be published now waits in the outbox.</summary>
    private async Task TryPublishAsync(CancellationToken cancellation)
    {
        // A log that is known to be down would keep the caller waiting for its time-out.
        if (!outbox.CanPublish) return;
        try
        {
            await outbox.PublishAsync(cancellation).ConfigureAwait(false);
        }
        catch (EventLogUnavailableException)
        {
            // The background publisher tries again; readiness shows the log's state.
        }
    }

    /// <summary>The same id for every repeat: the id is part of the content that must be equal.</summary>
    private static string IdOf(string tenant, string key)
        => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"{tenant.Length}:{tenant}{key}")).AsSpan(0, 16));

    private static string TagOf(Campaign campaign) => $"\"{campaign.Version.ToString(CultureInfo.InvariantCulture)}\"";

    private static IResult Unknown() => Problems.Of(StatusCodes.Status404NotFound, "No such campaign.");

    private static IResult Stale() => Problems.Of(StatusCodes.Status412PreconditionFailed, "The campaign was changed since; read it again.");

    private static IResult Taken(string id) => Problems.Of(StatusCodes.Status409Conflict, $"The id {id} is taken.");
}
