namespace AutoBid.Policies.Models;

/// <summary>Runs the exported parity rows through an opened session and compares the answers with those of the training framework.</summary>
internal static class ParityCheck
{
    /// <summary>Caps of design.md section 4: a card may ask for less tolerance, never for more.</summary>
    public static double Cap(string kind, string precision, string device)
        => device == "cpu" && precision == "fp32" ? (kind is "diffusion" or "market" ? 1e-3 : 1e-4) : 1e-2;

    /// <exception cref="ModelRefusedException">Reason Parity.</exception>
    public static void Run(ModelCard card, ModelCard.FileSpec file, string folder, IInferenceSession session)
    {
        Dictionary<string, NpyArray> arrays = Read(folder, card.Parity.File);
        double cap = Cap(card.Kind, file.Precision, session.Provider);
        double rtol = Math.Min(file.Rtol, cap), atol = Math.Min(file.Atol, cap);
        NpyArray[] inputs = [.. session.Inputs.Select(tensor => Find(arrays, tensor.Name, card.Parity.N, tensor))];
        float[][] expected = [.. session.Outputs.Select(tensor => Find(arrays, "out_" + tensor.Name, card.Parity.N, tensor).ToFloats())];
        if (expected.Any(values => values.Any(v => !float.IsFinite(v)))) throw Refuse("the expected outputs are not finite");
        object[] values = [.. inputs.Select((array, i) => session.Inputs[i].Dtype == "int64" ? (object)array.ToLongs() : array.ToFloats())];

        // Each captured graph of an accelerator is a graph of its own.
        foreach (int batch in session.Provider == "cpu" ? session.Batches[^1..] : session.Batches)
            RunRows(card, session, values, expected, batch, rtol, atol);
    }

    private static void RunRows(ModelCard card, IInferenceSession session, object[] values, float[][] expected, int batch, double rtol, double atol)
    {
        for (int first = 0; first < card.Parity.N; first += batch)
        {
            int rows = Math.Min(batch, card.Parity.N - first);
            for (int i = 0; i < values.Length; i++)
            {
                int width = session.Inputs[i].RowLength;
                if (values[i] is long[] longs) Fill(longs, first, rows, width, session.Longs(i)[..(batch * width)]);
                else Fill((float[])values[i], first, rows, width, session.Floats(i)[..(batch * width)]);
            }

            session.Run(batch);
            for (int o = 0; o < expected.Length; o++) Compare(session, o, expected[o], first, rows, rtol, atol);
        }
    }

    private static void Fill<T>(T[] from, int first, int rows, int width, Span<T> into)
    {
        from.AsSpan(first * width, rows * width).CopyTo(into);
        // The rest of the batch repeats a real row: padding that a graph cannot digest would be our fault, not its.
        for (int row = rows; row * width < into.Length; row++) from.AsSpan(first * width, width).CopyTo(into[(row * width)..]);
    }

    private static void Compare(IInferenceSession session, int output, float[] expected, int first, int rows, double rtol, double atol)
    {
        SessionTensor tensor = session.Outputs[output];
        ReadOnlySpan<float> actual = session.Output(output);
        for (int i = 0; i < rows * tensor.RowLength; i++)
        {
            float wanted = expected[first * tensor.RowLength + i];
            if (!(Math.Abs(actual[i] - wanted) <= atol + rtol * Math.Abs(wanted)))
                throw Refuse($"{tensor.Name} of row {first + i / tensor.RowLength} is {actual[i]:G9}, exported as {wanted:G9} (rtol {rtol}, atol {atol})");
        }
    }

    private static NpyArray Find(Dictionary<string, NpyArray> arrays, string name, int n, SessionTensor tensor)
    {
        if (!arrays.TryGetValue(name, out NpyArray? array)) throw Refuse($"the array {name} is missing");
        int[] shape = [n, .. tensor.Shape.Skip(1)];
        return array.Shape.SequenceEqual(shape)
            ? array
            : throw Refuse($"{name} has shape [{string.Join(", ", array.Shape)}], not [{string.Join(", ", shape)}]");
    }

    private static Dictionary<string, NpyArray> Read(string folder, string file)
    {
        try
        {
            using FileStream stream = File.OpenRead(Path.Combine(folder, file));
            return NpzReader.Read(stream);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or FormatException)
        {
            throw new ModelRefusedException(RefusalReason.Parity, $"{file}: {error.Message}", error);
        }
    }

    private static ModelRefusedException Refuse(string message) => new(RefusalReason.Parity, "parity: " + message);
}
