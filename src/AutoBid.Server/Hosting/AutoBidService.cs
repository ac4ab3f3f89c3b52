using AutoBid.Core.Guarding;
using AutoBid.Core.Response;
using AutoBid.Core.Time;
using AutoBid.Engine;
using AutoBid.Engine.Events;
using AutoBid.Engine.Ports;
using AutoBid.OpenRtb.Currencies;
using AutoBid.OpenRtb.Notices;
using AutoBid.OpenRtb.Profiles;
using AutoBid.Policies.Ensemble;
using AutoBid.Policies.Fallback;
using AutoBid.Policies.Inference;
using AutoBid.Policies.Models;
using AutoBid.Policies.Mpc;
using AutoBid.Policies.Priors;
using AutoBid.Policies.Simple;
using AutoBid.Server.Auth;
using AutoBid.Server.Bidding;
using AutoBid.Server.Campaigns;
using AutoBid.Server.Clock;
using AutoBid.Server.Decisions;
using AutoBid.Server.Events;
using AutoBid.Server.Metrics;
using AutoBid.Server.Multipliers;
using AutoBid.Server.Policies;
using AutoBid.Server.Tracing;
using AutoBid.Storage;
using AutoBid.Streaming;
using AutoBid.Streaming.Json;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using OpenTelemetry.Trace;

namespace AutoBid.Server.Hosting;

/// <summary>One running service: the engine, its stores and log, and the HTTP surface around them.</summary>
public sealed class AutoBidService : IAsyncDisposable
{
    private static readonly TimeSpan OutboxInterval = TimeSpan.FromSeconds(1);

    /// <summary>From so many cores on, a caller may watch for its answer instead of sleeping.</summary>
    private const int CoresToSpin = 8;

    /// <summary>The consumer group of all nodes; the topic prefix goes before it.</summary>
    private const string ConsumerGroup = "autobid";

    private readonly WebApplication _app;
    private readonly Stores _stores;

    private AutoBidService(WebApplication app, Stores stores)
    {
        _app = app;
        _stores = stores;
    }

    internal IServiceProvider Services => _app.Services;

    public AutoBidEngine Engine => _app.Services.GetRequiredService<AutoBidEngine>();

    /// <summary>Addresses listened on, ports resolved.</summary>
    public IReadOnlyList<string> Addresses => _app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.ToArray();

    /// <summary>Opens the stores, restores the engine, listens. Ready when it returns.</summary>
    /// <exception cref="StartupException">One line that says what is wrong.</exception>
    public static async Task<AutoBidService> StartAsync(ServeOptions options, CancellationToken cancellation)
    {
        if (options.Urls.Count == 0) throw new StartupException("--urls names no address.");
        options = options with { Urls = options.Urls.Select(ListenAddress.Resolve).ToArray() };
        if (options.Tick < TimeSpan.FromSeconds(1) || options.Tick > TimeSpan.FromMinutes(30)) throw new StartupException("--tick must lie between 1 s and 30 min.");
        Stores stores;
        try
        {
            Directory.CreateDirectory(options.DataDirectory);
            stores = await Stores.OpenAsync(options.Postgres, options.DataDirectory, eventTime: options.VirtualClock, cancellation).ConfigureAwait(false);
        }
        catch (Exception e) when (e is DatabaseOpenException or IOException or UnauthorizedAccessException)
        {
            throw new StartupException(e.Message, e);
        }

        WebApplication app;
        try
        {
            app = Build(options, stores);
        }
        catch (Exception e)
        {
            await stores.DisposeAsync().ConfigureAwait(false);
            if (e is StartupException || !IsOperators(e)) throw;
            throw new StartupException(e.Message, e);
        }

        var service = new AutoBidService(app, stores);
        try
        {
            await service.StartAsync(options, app, cancellation).ConfigureAwait(false);
            return service;
        }
        catch (Exception e)
        {
            await service.DisposeAsync().ConfigureAwait(false);
            if (!IsOperators(e)) throw;
            throw new StartupException(e.Message, e);
        }
    }

    /// <summary>What the operator can put right: a file, a folder or an address.</summary>
    private static bool IsOperators(Exception e)
        => e is IOException or UnauthorizedAccessException or InvalidDataException or FormatException or PriorFileException
            or System.Net.Sockets.SocketException or ArgumentException { ParamName: "publicBase" };

    /// <summary>Runs the decision loop until cancelled, or until a lost GPU has drained the service; then stops listening.</summary>
    /// <returns>True: a new process is wanted.</returns>
    public async Task<bool> RunAsync(CancellationToken cancellation)
    {
        IServiceProvider services = _app.Services;
        GpuLoss loss = services.GetRequiredService<GpuLoss>();
        using CancellationTokenSource stopping = CancellationTokenSource.CreateLinkedTokenSource(cancellation, loss.Drained);
        await RunLoopAsync(services, stopping.Token).ConfigureAwait(false);
        return loss.Drained.IsCancellationRequested && !cancellation.IsCancellationRequested;
    }

    private async Task RunLoopAsync(IServiceProvider services, CancellationToken cancellation)
    {
        EngineClocks clocks = services.GetRequiredService<EngineClocks>();
        Task outbox = PublishOutboxAsync(services.GetRequiredService<Outbox>(), cancellation);
        // A virtual engine moves only inside POST /v1/clock.
        Task loop = clocks.Deterministic ? WaitAsync(cancellation) : Engine.RunAsync(cancellation);
        try
        {
            await Task.WhenAny(loop, outbox).Unwrap().ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            // Asked to stop.
        }

        await _app.StopAsync(CancellationToken.None).ConfigureAwait(false);
        await loop.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    public async ValueTask DisposeAsync()
    {
        AutoBidEngine engine = Engine;
        await _app.DisposeAsync().ConfigureAwait(false);
        await engine.DisposeAsync().ConfigureAwait(false);
        await _stores.DisposeAsync().ConfigureAwait(false);
    }

    private async Task StartAsync(ServeOptions options, WebApplication app, CancellationToken cancellation)
    {
        IServiceProvider services = app.Services;
        ApiKeys keys = services.GetRequiredService<ApiKeys>();
        await keys.LoadAsync(cancellation).ConfigureAwait(false);
        foreach (string url in options.Urls)
            if (!keys.HasKeys && !ListenAddress.IsLoopback(url)) throw new StartupException($"Without API keys only loopback addresses are served, not {url}. Make a key: autobid keys create.");

        // Listening comes first: liveness must answer, and settings must be storable, while a broker that is down is waited for.
        await app.StartAsync(cancellation).ConfigureAwait(false);
        services.GetRequiredService<PolicyReload>().Run();
        services.GetRequiredService<GpuLoss>().Watch();
        // The container ends only what it was asked for.
        services.GetService<TracerProvider>();
        ICampaignNames names = services.GetRequiredService<ICampaignNames>();
        ICampaignStore store = services.GetRequiredService<ICampaignStore>();
        Engine.Decided += services.GetRequiredService<DecisionHistory>().Add;
        await Engine.StartAsync(Learned(store, names, cancellation), cancellation).ConfigureAwait(false);
        services.GetRequiredService<Readiness>().MarkStarted();
    }

    private static async IAsyncEnumerable<Core.Campaigns.Campaign> Learned(
        ICampaignStore store, ICampaignNames names, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellation)
    {
        await foreach (Core.Campaigns.Campaign campaign in store.AllAsync(cancellation).ConfigureAwait(false))
        {
            names.Learn(campaign);
            yield return campaign;
        }
    }

    private static async Task PublishOutboxAsync(Outbox outbox, CancellationToken cancellation)
    {
        using var timer = new PeriodicTimer(OutboxInterval);
        while (await timer.WaitForNextTickAsync(cancellation).ConfigureAwait(false))
        {
            try
            {
                await outbox.PublishAsync(cancellation).ConfigureAwait(false);
            }
            catch (Exception e) when (e is EventLogUnavailableException or StoreUnavailableException)
            {
                // The rows stay; readiness shows the log's state.
            }
        }
    }

    private static async Task WaitAsync(CancellationToken cancellation)
    {
        var stopped = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using CancellationTokenRegistration registration = cancellation.Register(stopped.SetResult);
        await stopped.Task.ConfigureAwait(false);
    }

    private static WebApplication Build(ServeOptions options, Stores stores)
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions { Args = [], ApplicationName = "AutoBid" });
        builder.WebHost.UseUrls([.. options.Urls]);
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            // The endpoints have their own limits; this one only bounds what Kestrel would buffer for a body that nobody reads.
            kestrel.Limits.MaxRequestBodySize = DecisionsEndpoint.BodyLimit;
        });
        builder.Logging.ClearProviders().AddSimpleConsole(console => console.SingleLine = true)
            .SetMinimumLevel(options.Quiet ? LogLevel.Warning : LogLevel.Information)
            .AddFilter("Microsoft.AspNetCore", LogLevel.Warning)
            // A start that fails is told by its exception, in one line.
            .AddFilter("Microsoft.Extensions.Hosting", LogLevel.None);
        AddServices(builder.Services, options, stores);
        WebApplication app = builder.Build();
        Routes.Map(app);
        return app;
    }

    private static void AddServices(IServiceCollection services, ServeOptions options, Stores stores)
    {
        EngineClocks clocks = options.VirtualClock
            ? new EngineClocks(new VirtualTime(options.VirtualStart), TimeProvider.System, Deterministic: true)
            : new EngineClocks(TimeProvider.System, TimeProvider.System, Deterministic: false);
        PopulationPrior? population = PriorOf(options)?.ToPrior();
        ExchangeProfiles profiles = options.ExchangesFile is { } exchanges ? ExchangeProfiles.Load(exchanges) : ExchangeProfiles.BuiltIn;
        // A restarted process counts its bids anew, so it must not share a lease with the one before: the start time tells them apart.
        string node = $"{options.Node}/{TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds()}";
        Directory.CreateDirectory(options.DataDirectory);
        NoticeKeys noticeKeys = NoticeKeyFile.LoadOrCreate(Path.Combine(options.DataDirectory, "notice.key"));

        services.AddSingleton(options).AddSingleton(clocks).AddSingleton(profiles).AddSingleton(noticeKeys);
        services.AddSingleton(options.RatesFile is { } rates ? CurrencyTable.Load(rates) : CurrencyTable.Empty);
        services.AddSingleton(stores.Ledger).AddSingleton(stores.Campaigns).AddSingleton(stores.ApiKeys);
        services.AddSingleton(sp => new ApiKeys(sp.GetRequiredService<IApiKeyStore>(), clocks.Monotonic, TimeProvider.System));
        services.AddSingleton<ICampaignNames, CampaignNames>();
        services.AddSingleton(sp => EventLogFactory.Create(
            new EventLogOptions
            {
                Kafka = options.Kafka,
                Group = options.SharesPartitions ? ConsumerGroup : null,
                Node = node,
                Directory = Path.Combine(options.DataDirectory, "log"),
                Fsync = options.Fsync,
                TopicPrefix = options.TopicPrefix,
                CreateTopics = options.CreateTopics,
                AcceptDamage = options.AcceptLogDamage,
            },
            sp.GetRequiredService<ICampaignNames>(), sp.GetRequiredService<ILoggerFactory>(), TimeProvider.System));

        services.AddSingleton<PolicyMetrics>();
        services.AddSingleton(sp => new ModelRegistry(
            options.ModelsDirectory ?? Installation.Models, RegistryOptionsOf(options), sp.GetRequiredService<PolicyMetrics>(), clocks.Monotonic));
        services.AddSingleton(sp => new PolicyFailures(sp.GetRequiredService<ILogger<PolicyFailures>>(), clocks.Monotonic));
        services.AddSingleton(sp => new PolicyCatalog(
            [new ConstantPolicy(), new PidPolicy(), new MpcPolicy(), sp.GetRequiredService<PolicyFailures>().Watch(new EnsemblePolicy(sp.GetRequiredService<ModelRegistry>()))],
            sp.GetRequiredService<ModelRegistry>(), clocks.Monotonic));
        services.AddSingleton(sp => new AutoBidEngine(
            OptionsOf(options, node, population, profiles), clocks, sp.GetRequiredService<IEventLog>(), sp.GetRequiredService<ILedgerStore>(),
            ChainOf(sp), static e => EventIdentities.Of(e)));

        services.AddSingleton(sp => new NoticeUrl(new Uri(options.PublicUrl ?? ListenAddress.PublicOf(options.Urls[0]))));
        services.AddSingleton<ServerMetrics>().AddSingleton<Readiness>().AddSingleton<Outbox>().AddSingleton<DecisionHistory>();
        services.AddSingleton<Bidder>().AddSingleton<BidEndpoint>().AddSingleton<EventsEndpoint>().AddSingleton<ClockEndpoint>();
        services.AddSingleton<CampaignEndpoints>().AddSingleton<MultipliersEndpoint>().AddSingleton<PolicyReload>().AddSingleton<PolicyEndpoints>().AddSingleton<GpuLoss>();
        services.AddSingleton(sp => ActivatorUtilities.CreateInstance<NoticeEndpoint>(sp, clocks.Monotonic));
        services.AddSingleton(sp => new DecisionsEndpoint(
            sp.GetRequiredService<PolicyCatalog>(), () => ChainOf(sp), new Guard(new GuardOptions()), clocks, sp.GetRequiredService<ServerMetrics>(), population));
        services.AddTraceExport(options.Otlp is { } collector ? new Uri(collector) : null, options.Node);
        services.AddPrometheus().AddOpenApi().AddProblemDetails();
    }

    private static DecisionChain ChainOf(IServiceProvider services)
        => services.GetRequiredService<PolicyFailures>().Watch(new DecisionChain(services.GetRequiredService<PolicyCatalog>(), services.GetRequiredService<PolicyMetrics>()));

    private static PriorFile? PriorOf(ServeOptions options)
        => options.PriorFile is { } named ? PriorFile.Load(named) : File.Exists(Installation.Prior) ? PriorFile.Load(Installation.Prior) : null;

    private static ModelRegistryOptions RegistryOptionsOf(ServeOptions options) => new()
    {
        Device = options.Device,
        Accelerators = options.Accelerators,
        DeadlineMs = ModelRegistryOptions.DeadlineOf(options.Tick),
        // A GPU answers sooner than a thread wakes; on a small machine the bid path needs the core.
        Batcher = new BatcherOptions { Spin = options.Device == "cuda" && Environment.ProcessorCount >= CoresToSpin ? TimeSpan.FromMilliseconds(0.3) : default },
    };

    private static EngineOptions OptionsOf(ServeOptions options, string node, PopulationPrior? prior, ExchangeProfiles profiles) => new()
    {
        Node = node,
        SharesPartitions = options.SharesPartitions,
        Tick = options.Tick,
        Prior = prior,
        Retention = options.Retention,
        LongestHold = profiles.LongestLossAssumedAfter + TimeSpan.FromMinutes(5),
        Billing = profiles.All.ToDictionary(profile => profile.Name, profile => ChannelOf(profile.BillingSource), StringComparer.Ordinal),
    };

    private static BillingChannel ChannelOf(BillingSource source) => source switch
    {
        BillingSource.Nurl => BillingChannel.Nurl,
        BillingSource.Stream => BillingChannel.Stream,
        _ => BillingChannel.Burl,
    };
}
