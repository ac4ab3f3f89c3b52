namespace AutoBid.Cli.Output;

/// <summary>A path as one line of block characters, scaled logarithmically between its own least and largest positive value.</summary>
internal static class Sparkline
{
    private const string Blocks = "▁▂▃▄▅▆▇█";

    /// <summary>At most <paramref name="width"/> characters; longer paths are averaged in groups. A value of 0 or less is a blank.</summary>
    public static string Of(IReadOnlyList<double> path, int width)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(width, 1);
        int group = Math.Max(1, (path.Count + width - 1) / width);
        double[] values = [.. path.Chunk(group).Select(chunk => chunk.Average())];
        double least = values.Where(v => v > 0).DefaultIfEmpty(1).Min(), largest = values.DefaultIfEmpty(1).Max();
        double span = Math.Log(largest / least);
        return string.Create(values.Length, values, (text, all) =>
        {
            for (int i = 0; i < all.Length; i++)
            {
                // A flat path lies in the middle: it is neither low nor high.
                double at = span > 1e-9 ? Math.Log(all[i] / least) / span : 0.5;
                text[i] = all[i] > 0 ? Blocks[(int)Math.Clamp(at * Blocks.Length, 0, Blocks.Length - 1)] : ' ';
            }
        });
    }
}
