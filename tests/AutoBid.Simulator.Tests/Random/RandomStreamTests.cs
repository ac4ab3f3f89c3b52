using AutoBid.Simulator.Random;

namespace AutoBid.Simulator.Tests.Random;

public sealed class RandomStreamTests
{
    private static RandomStream Stream(int advertiser = 0, int step = 0, DrawPurpose purpose = DrawPurpose.Value, ulong seed = 7, int period = 0)
        => RandomStream.For(seed, period, step, advertiser, purpose);

    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(64)]
    [InlineData(1003)]
    public void Bulk_draws_equal_single_draws_bit_for_bit(int length)
    {
        var normals = new float[length];
        var uniforms = new float[length];
        Stream().FillNormals(normals);
        Stream().FillUniforms(uniforms);
        for (int i = 0; i < length; i++)
        {
            Assert.Equal(BitConverter.SingleToInt32Bits(Stream().SingleNormal(i)), BitConverter.SingleToInt32Bits(normals[i]));
            Assert.Equal(BitConverter.SingleToInt32Bits(Stream().SingleUniform(i)), BitConverter.SingleToInt32Bits(uniforms[i]));
        }
    }

    [Fact]
    public void Draws_do_not_depend_on_order()
    {
        RandomStream stream = Stream();
        double[] forward = [.. Enumerable.Range(0, 100).Select(i => stream.Uniform(i))];
        double[] backward = [.. Enumerable.Range(0, 100).Reverse().Select(i => stream.Uniform(i)).Reverse()];
        Assert.Equal(forward, backward);
    }

    [Fact]
    public void Every_part_of_the_key_changes_the_stream()
    {
        ulong[] firsts =
        [
            Stream().Bits(0), Stream(advertiser: 1).Bits(0), Stream(step: 1).Bits(0), Stream(period: 1).Bits(0), Stream(seed: 8).Bits(0),
            Stream(purpose: DrawPurpose.Conversion).Bits(0), Stream().Bits(1),
        ];
        Assert.Equal(firsts.Length, firsts.Distinct().Count());
    }

    [Fact]
    public void The_generator_is_pinned()
    {
        // A change of these numbers changes every committed table: do it on purpose only.
        RandomStream stream = RandomStream.For(1, 2, 3, 4, DrawPurpose.Value);
        foreach (long index in (long[])[0, 1, 1L << 40]) Assert.Equal(Reference(index), stream.Bits(index));
    }

    // Written a second time, with another arrangement of the same arithmetic.
    private static ulong Reference(long index)
    {
        static ulong Finish(UInt128 z)
        {
            ulong x = (ulong)z;
            x ^= x >> 30;
            x = (ulong)((UInt128)x * 0xBF58476D1CE4E5B9UL);
            x ^= x >> 27;
            x = (ulong)((UInt128)x * 0x94D049BB133111EBUL);
            return x ^ (x >> 31);
        }

        UInt128 weyl = 0x9E3779B97F4A7C15UL;
        ulong key = Finish(1 + weyl);
        foreach (int part in (int[])[2, 3, 4, (int)DrawPurpose.Value]) key = Finish(key + weyl * (UInt128)(part + 1));
        return Finish(key + weyl * (UInt128)index);
    }

    [Fact]
    public void Uniforms_have_the_right_moments_and_fill_their_cells_evenly()
    {
        const int count = 400_000;
        RandomStream stream = Stream();
        double sum = 0, squares = 0;
        var cells = new int[256];
        for (int i = 0; i < count; i++)
        {
            double u = stream.Uniform(i);
            Assert.InRange(u, double.Epsilon, 1 - 1e-16);
            sum += u;
            squares += u * u;
            cells[(int)(u * cells.Length)]++;
        }

        Assert.Equal(0.5, sum / count, 0.002);
        Assert.Equal(1.0 / 3, squares / count, 0.002);
        double expected = count / (double)cells.Length;
        double chiSquare = cells.Sum(cell => (cell - expected) * (cell - expected) / expected);
        // 255 degrees of freedom: mean 255, sd 22.6.
        Assert.InRange(chiSquare, 255 - 4 * 22.6, 255 + 4 * 22.6);
    }

    [Fact]
    public void Normals_have_the_right_moments_and_tails()
    {
        const int count = 1_000_000;
        var z = new float[count];
        Stream().FillNormals(z);
        double mean = z.Average(x => (double)x);
        double variance = z.Average(x => (double)x * x);
        double kurtosis = z.Average(x => Math.Pow(x, 4));
        Assert.Equal(0, mean, 0.004);
        Assert.Equal(1, variance, 0.006);
        Assert.Equal(3, kurtosis, 0.06);
        Assert.Equal(0.02275, z.Count(x => x < -2) / (double)count, 0.0007);
        Assert.Equal(0.00135, z.Count(x => x > 3) / (double)count, 0.0002);
    }

    [Theory]
    [InlineData(DrawPurpose.Value, 0, DrawPurpose.Value, 1)]
    [InlineData(DrawPurpose.Value, 5, DrawPurpose.Exposure, 5)]
    [InlineData(DrawPurpose.Value, 0, DrawPurpose.Value, 1 << 20)]
    public void Streams_are_uncorrelated_at_all_small_lags(DrawPurpose purpose, int advertiser, DrawPurpose otherPurpose, int otherAdvertiser)
    {
        const int count = 200_000;
        var a = new float[count + 8];
        var b = new float[count + 8];
        Stream(advertiser, purpose: purpose).FillNormals(a);
        Stream(otherAdvertiser, purpose: otherPurpose).FillNormals(b);
        for (int lag = 0; lag < 8; lag++)
        {
            double cross = 0, self = 0;
            for (int i = 0; i < count; i++)
            {
                cross += a[i] * b[i + lag];
                self += a[i] * a[i + lag];
            }

            Assert.InRange(cross / count, -0.01, 0.01);
            if (lag > 0) Assert.InRange(self / count, -0.01, 0.01);
        }
    }

    [Fact]
    public void Exponential_has_mean_one()
    {
        RandomStream stream = Stream();
        Assert.Equal(1, Enumerable.Range(0, 200_000).Average(i => stream.Exponential(i)), 0.01);
    }
}
