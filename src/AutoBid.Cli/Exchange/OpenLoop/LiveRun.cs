using AutoBid.Cli.Demo;
using AutoBid.Simulator.Market;

namespace AutoBid.Cli.Exchange.OpenLoop;

/// <summary>A live run against a service on the wall clock: campaigns, an exchange that does not wait for it, and the ledger's word at the end.</summary>
internal sealed class LiveRun(OpenLoopOptions options, ServiceClient service, TextWriter output)
{
    /// <summary>A campaign bids from the first control tick after its creation on; the default tick is a minute.</summary>
    private static readonly TimeSpan FirstDecisionLimit = TimeSpan.FromSeconds(150);

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(200);

    private IReadOnlyList<MarketCampaign> Campaigns => options.Market.Campaigns;

    /// <exception cref="CommandException">The service's clock is virtual, its campaigns are in the way, or they do not begin to bid.</exception>
    /// <exception cref="ServiceException">The service refused something or has gone.</exception>
    public async Task<LiveReport> PlayAsync(CancellationToken cancellation)
    {
        if (await service.IsVirtualAsync(cancellation) == true)
            throw new CommandException($"the clock of {service.Address} is virtual: leave out --clock wall, or start the service with --clock wall");
        if (!options.KeepCampaigns) await CreateAsync(cancellation);
        await AwaitDecisionsAsync(cancellation);
        var ledger = new LiveLedger(service, Campaigns, TimeProvider.System);
        await ledger.BeginAsync(cancellation);
        OpenLoopResult result;
        await using (IConversionSink sink = options.Kafka is { } servers ? new KafkaConversionSink(servers, options.TopicPrefix) : new HttpConversionSink(service))
            result = await new OpenLoopExchange(options, service, cancellation).PlayAsync(sink, cancellation);
        IReadOnlyList<LiveCampaign> campaigns = await ledger.SettleAsync(result.Campaigns, cancellation);
        return new LiveReport
        {
            Target = service.Address.ToString(),
            Run = options.Run,
            Seed = options.Seed,
            Arrivals = options.Arrivals,
            Rate = options.Rate,
            Seconds = options.Length.TotalSeconds,
            Connections = options.Connections,
            Speed = options.EffectiveSpeed,
            ConversionsThrough = options.Kafka is null ? "http" : $"kafka {options.Kafka}",
            Exchange = result,
            Campaigns = campaigns,
            Problems = [.. Failures(result), .. ledger.Problems(campaigns)],
        };
    }

    private static IEnumerable<string> Failures(OpenLoopResult result)
        => result.Failures.Select(f => $"{f.Value} bid requests failed: {f.Key}")
            .Concat(result.NoticeFailures.Select(f => $"{f.Value} notices failed: {f.Key}"))
            .Concat(result.ConversionFailures.Select(f => $"{f.Value} conversions were refused: {f.Key}"));

    private async Task CreateAsync(CancellationToken cancellation)
    {
        if (await service.TryDescribePolicyAsync(options.Policy, cancellation) is { } choice) await output.WriteLineAsync(choice.ToString());
        foreach (MarketCampaign campaign in Campaigns)
        {
            try
            {
                await service.CreateCampaignAsync(CampaignBody.Write(campaign, options.Policy), cancellation);
            }
            catch (ServiceException e) when (e.Status == 409)
            {
                throw new CommandException($"campaign {campaign.Id} is there already: --keep-campaigns uses the market's campaigns as they are", e);
            }
        }
    }

    private async Task AwaitDecisionsAsync(CancellationToken cancellation)
    {
        long started = TimeProvider.System.GetTimestamp();
        bool said = false;
        foreach (MarketCampaign campaign in Campaigns)
        {
            while ((await service.GetDecisionsAsync(campaign.Id, 1, cancellation)).Decisions.Count == 0)
            {
                if (TimeProvider.System.GetElapsedTime(started) > FirstDecisionLimit)
                    throw new CommandException($"campaign {campaign.Id} had no decision within {FirstDecisionLimit.TotalSeconds:0} s: is its control tick longer?");
                if (!said) await output.WriteLineAsync("waiting for the first control tick");
                said = true;
                await Task.Delay(Pause, TimeProvider.System, cancellation);
            }
        }
    }
}
