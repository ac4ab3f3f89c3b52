using AutoBid.Simulator.Threads;

namespace AutoBid.Simulator.Tests.Threads;

public sealed class CrewTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(7)]
    public void Every_item_is_done_once_in_every_phase(int threads)
    {
        var crew = new Crew(threads);
        var done = new int[500];
        var busy = new int[threads];
        int phase = 0;
        Action<int, int> work = (item, worker) =>
        {
            // A worker number is never in use twice at the same time.
            Assert.Equal(1, Interlocked.Increment(ref busy[worker]));
            Assert.Equal(phase, done[item]++);
            Interlocked.Decrement(ref busy[worker]);
        };
        for (; phase < 300; phase++) crew.Run(500, work);
        Assert.All(done, count => Assert.Equal(300, count));
    }

    [Fact]
    public void Phases_without_items_and_with_one_run_on_the_caller()
    {
        var crew = new Crew(4);
        crew.Run(0, (_, _) => Assert.Fail("There is no item."));
        int caller = Environment.CurrentManagedThreadId;
        crew.Run(1, (_, worker) => Assert.Equal((caller, 0), (Environment.CurrentManagedThreadId, worker)));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public void The_first_failure_reaches_the_caller_and_the_crew_works_on(int threads)
    {
        var crew = new Crew(threads);
        Assert.Contains("item 17", Assert.Throws<InvalidOperationException>(
            () => crew.Run(40, (item, _) =>
            {
                if (item == 17) throw new InvalidOperationException("item 17");
            })).Message, StringComparison.Ordinal);
        int sum = 0;
        crew.Run(100, (item, _) => Interlocked.Add(ref sum, item));
        Assert.Equal(4950, sum);
    }

    [Fact]
    public void Phases_do_not_allocate()
    {
        var crew = new Crew(1);
        var values = new long[64];
        Action<int, int> work = (item, _) => values[item]++;
        crew.Run(64, work);
        Assert.Equal(0, Allocations.Of(() =>
        {
            for (int i = 0; i < 100; i++) crew.Run(64, work);
        }));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(65)]
    public void A_number_of_threads_that_cannot_be_is_refused(int threads) => Assert.Throws<ArgumentOutOfRangeException>(() => new Crew(threads));
}
