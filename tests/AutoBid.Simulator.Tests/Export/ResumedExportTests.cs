using AutoBid.Core.Features;
using AutoBid.Simulator.Agents;
using AutoBid.Simulator.Export;
using AutoBid.Simulator.Tests.Periods;
using AutoBid.Simulator.Traffic;

namespace AutoBid.Simulator.Tests.Export;

public sealed class ResumedExportTests : IDisposable
{
    private static readonly Lazy<LineUpFactory> Factory = new(() => new LineUpFactory(1, TrajectoryExportTests.Prior().ToPrior()));

    private static readonly TrafficOptions Tiny = TrafficOptions.FinalRound with { OpportunitiesPerPeriod = 2_500 };

    private readonly string _folder = Directory.CreateTempSubdirectory("autobid-resume").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private static IReadOnlyList<PlannedPeriod> Plan(int train = 5, ulong seed = 1)
        => (TrajectoryExportTests.Plan(train) with { Seed = seed, Traffic = Tiny }).Periods(Factory.Value);

    private static TrajectoryExport Export(int threads = 1) => new(new ScaleFreeFeatures()) { PeriodsPerShard = 2, Threads = threads };

    private string Folder(string name) => Path.Combine(_folder, name);

    private static SortedDictionary<string, string> Files(string folder)
        => new(Directory.GetFiles(folder).ToDictionary(file => Path.GetFileName(file), file => Convert.ToHexString(File.ReadAllBytes(file))), StringComparer.Ordinal);

    private static void CancelAfter(TrajectoryExport export, string folder, IReadOnlyList<PlannedPeriod> plan, int periods)
    {
        using var cancel = new CancellationTokenSource();
        Assert.Throws<OperationCanceledException>(() => export.Write(
            folder, plan, "abc", new Immediate(done => { if (done == periods) cancel.Cancel(); }), cancel.Token));
    }

    // Seven periods in four shards. Cancelled at 3: one shard is finished, half of another is lost.
    [Theory]
    [InlineData(1, 1)]
    [InlineData(3, 2)]
    public void An_interrupted_export_goes_on_and_ends_with_the_bytes_of_an_uninterrupted_one(int firstThreads, int secondThreads)
    {
        IReadOnlyList<PlannedPeriod> plan = Plan();
        ExportResult whole = Export().Write(Folder("whole"), plan, "abc");
        Assert.Equal((7, 0), (whole.Periods, whole.Kept));

        CancelAfter(Export(firstThreads), Folder("cut"), plan, 3);
        Assert.Equal(["plan.json", "progress.json", "shard-0000.npz"], Files(Folder("cut")).Keys);
        CancelAfter(Export(secondThreads), Folder("cut"), plan, 5);
        Assert.Equal(["plan.json", "progress.json", "shard-0000.npz", "shard-0001.npz"], Files(Folder("cut")).Keys);
        var reports = new List<int>();
        ExportResult resumed = Export(secondThreads).Write(Folder("cut"), plan, "abc", new Immediate(reports.Add));

        Assert.Equal([4, 5, 6, 7], reports);
        Assert.Equal(4, resumed.Kept);
        Assert.Equal((whole.Sha256, whole.Keys, whole.MeanEfficiency), (resumed.Sha256, resumed.Keys, resumed.MeanEfficiency));
        Assert.Equal(whole.Shards, resumed.Shards);
        Assert.Equal(Files(Folder("whole")), Files(Folder("cut")));
        Assert.Equal(["manifest.json", "plan.json", "shard-0000.npz", "shard-0001.npz", "shard-0002.npz", "shard-0003.npz"], Files(Folder("cut")).Keys);
    }

    [Fact]
    public void A_policy_that_is_not_thread_safe_is_asked_by_one_thread_at_a_time()
    {
        int inside = 0;
        var policy = new TestPolicy(_ =>
        {
            Assert.Equal(1, Interlocked.Increment(ref inside));
            Interlocked.Decrement(ref inside);
            return 1;
        });
        IReadOnlyList<PlannedPeriod> plan =
            [.. Plan().Select(p => p with { Setup = p.Setup with { LineUp = LineUpFactory.Replace(p.Setup.LineUp, Enumerable.Range(0, 48), policy) } })];
        Assert.Equal(Export().Write(Folder("one"), plan).Sha256, Export(4).Write(Folder("four"), plan).Sha256);
    }

    [Fact]
    public void A_finished_export_is_kept_and_only_what_is_damaged_is_made_again()
    {
        IReadOnlyList<PlannedPeriod> plan = Plan();
        Export().Write(_folder, plan);
        SortedDictionary<string, string> finished = Files(_folder);
        Assert.Equal(7, Export().Write(_folder, plan).Kept);
        Assert.Equal(finished, Files(_folder));

        // What a kill at other moments, a full disk or a careless hand can leave.
        byte[] shard = File.ReadAllBytes(Path.Combine(_folder, "shard-0001.npz"));
        File.WriteAllBytes(Path.Combine(_folder, "shard-0001.npz"), shard[..^100]);
        File.Delete(Path.Combine(_folder, "shard-0003.npz"));
        File.WriteAllText(Path.Combine(_folder, "shard-0002.npz.tmp"), "half");
        File.WriteAllText(Path.Combine(_folder, "manifest.json.tmp"), "half");
        Assert.Equal(4, Export(2).Write(_folder, plan).Kept);
        Assert.Equal(finished, Files(_folder));

        // Cancelled before anything is made again: what is intact is still known.
        File.Delete(Path.Combine(_folder, "shard-0000.npz"));
        using var cancel = new CancellationTokenSource();
        cancel.Cancel();
        Assert.Throws<OperationCanceledException>(() => Export().Write(_folder, plan, cancel: cancel.Token));
        Assert.False(File.Exists(Path.Combine(_folder, "manifest.json")));
        Assert.Equal(5, Export().Write(_folder, plan).Kept);
        Assert.Equal(finished, Files(_folder));

        File.WriteAllText(Path.Combine(_folder, "manifest.json"), "{");
        Assert.Equal(0, Export(2).Write(_folder, plan).Kept);
        Assert.Equal(finished, Files(_folder));
    }

    [Fact]
    public void Another_plan_is_refused_until_the_export_is_removed()
    {
        IReadOnlyList<PlannedPeriod> plan = Plan(train: 1);
        Export().Write(_folder, plan, "abc");
        File.WriteAllText(Path.Combine(_folder, "prior.json"), "mine");
        SortedDictionary<string, string> before = Files(_folder);

        ExportException seed = Assert.Throws<ExportException>(() => Export().Write(_folder, Plan(train: 1, seed: 2), "abc"));
        Assert.Equal($"{_folder} holds an export of another plan: seeds, setupsSha256 differ", seed.Message);
        Assert.True(seed.IsOtherExport);
        Refused("priorSha256", Export(), plan, "other");
        Refused("periodsPerShard", new TrajectoryExport(new ScaleFreeFeatures()) { PeriodsPerShard = 3 }, plan);
        Refused("features", new TrajectoryExport(new AuctionNetFeatures()) { PeriodsPerShard = 2 }, plan);
        Refused("splits, setupsSha256", Export(), Plan(train: 2));
        Refused("mix", new TrajectoryExport(new ScaleFreeFeatures()) { PeriodsPerShard = 2, Mix = new TrainingMix() }, plan);
        Refused("setupsSha256", Export(), [.. plan.Select(p => p with { Setup = p.Setup with { Guard = null } })]);
        Assert.Equal(before, Files(_folder));

        TrajectoryExport.Remove(_folder);
        Assert.Equal(["prior.json"], Files(_folder).Keys);
        Assert.False(TrajectoryExport.IsBegun(_folder));
        Assert.Equal(0, Export().Write(_folder, Plan(train: 1, seed: 2), "abc").Kept);

        void Refused(string fields, TrajectoryExport export, IReadOnlyList<PlannedPeriod> other, string prior = "abc")
            => Assert.EndsWith($": {fields} differ", Assert.Throws<ExportException>(() => export.Write(_folder, other, prior)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Every_setting_of_a_seat_belongs_to_the_plan()
    {
        PlannedPeriod one = Plan(train: 1)[0];
        SeatAgent agent = one.Setup.LineUp.Agents[7];
        string Hash(SeatAgent changed)
        {
            SeatAgent[] agents = [.. one.Setup.LineUp.Agents];
            agents[7] = changed;
            PlannedPeriod period = one with { Setup = one.Setup with { LineUp = one.Setup.LineUp with { Agents = agents } } };
            return ExportPlan.Of([period], new ScaleFreeFeatures(), 2, "abc", null).Sha256;
        }

        SeatAgent[] variants =
        [
            agent,
            agent with { Seat = agent.Seat with { Budget = agent.Seat.Budget * 1.01 } },
            agent with { Policy = one.Setup.LineUp.Agents.First(other => other.Policy.Name != agent.Policy.Name).Policy },
            agent with { AccountConstant = agent.AccountConstant * 1.01 },
            agent with { Prior = null },
            agent with { KnowsStep = false },
            agent with { MaxMultiplier = 3 },
            agent with { Perturbation = new PerturbationOptions { LongestBlock = 5 } },
            agent with { FollowsExecuted = !agent.FollowsExecuted },
        ];
        Assert.Equal(variants.Length, variants.Select(Hash).Distinct().Count());
        Assert.Equal(Hash(agent), Hash(agent with { }));
    }

    [Fact]
    public void Data_without_a_plan_are_not_touched()
    {
        File.WriteAllText(Path.Combine(_folder, "shard-0000.npz"), "old");
        Assert.Contains("without a plan.json", Assert.Throws<ExportException>(() => Export().Write(_folder, Plan())).Message, StringComparison.Ordinal);
        Assert.Throws<ExportException>(() => TrajectoryExport.IsBegun(_folder));
        Assert.Equal(["shard-0000.npz"], Files(_folder).Keys);
        Assert.False(TrajectoryExport.IsBegun(Folder("missing")));
        TrajectoryExport.Remove(Folder("missing"));
    }

    [Theory]
    [InlineData("{")]
    [InlineData("7")]
    public void A_plan_that_cannot_be_read_is_named(string content)
    {
        File.WriteAllText(Path.Combine(_folder, "plan.json"), content);
        Assert.Contains("plan.json: not the plan of an export", Assert.Throws<ExportException>(() => Export().Write(_folder, Plan())).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Two_exports_cannot_write_one_folder_at_a_time()
    {
        IReadOnlyList<PlannedPeriod> plan = Plan(train: 1);
        ExportException? second = null;
        Export().Write(_folder, plan, "", new Immediate(done =>
        {
            if (done == 1) second = Assert.Throws<ExportException>(() => Export().Write(_folder, plan));
        }));
        Assert.Contains("another export is writing here", second!.Message, StringComparison.Ordinal);
        Assert.False(second.IsOtherExport);
        Assert.DoesNotContain("export.lock", Files(_folder).Keys);
    }
}
