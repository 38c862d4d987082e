using ParquetSharp;

namespace LightReasoner.Demo;

/// <summary>The refinement data as a Parquet file of two text columns, <c>prompt</c> and <c>target</c>.</summary>
internal static class RefinementFile
{
    public static void Write(string path, IReadOnlyList<Problem> problems)
    {
        using var writer = new ParquetFileWriter(path, [new Column<string>("prompt"), new Column<string>("target")], Compression.Zstd);
        using (RowGroupWriter group = writer.AppendRowGroup())
        {
            Write(problem => problem.Question);
            Write(problem => problem.Solution);

            void Write(Func<Problem, string> value)
            {
                using var column = group.NextColumn().LogicalWriter<string>();
                column.WriteBatch([.. problems.Select(value)]);
            }
        }
        writer.Close();
    }
}
