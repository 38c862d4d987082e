using System.Globalization;
using System.Text;

namespace TorchSharp;

public static partial class torch
{
    public partial class Tensor
    {
        private const int EdgeItems = 3;
        private const int PrintThreshold = 1000;

        /// <summary>Shape, dtype and device in one line, as published.</summary>
        public override string ToString()
        {
            if (IsInvalid)
            {
                return "[disposed]";
            }

            string sizes = shape.Length == 0 ? "" : string.Join("x", shape);
            return $"[{sizes}], type = {dtype}, device = {device}";
        }

        /// <summary>The elements, nested by dimension; long dimensions are cut in the middle.</summary>
        public string str(string? fltFormat = "g5", int? width = null, string? newLine = null, CultureInfo? cultureInfo = null)
        {
            using var mode = no_grad();
            using var scope = NewDisposeScope();
            var values = to(ScalarType.Float64, CPU).contiguous();
            var text = new StringBuilder();
            Append(text, values.data<double>().ToArray(), shape, 0, 0, fltFormat ?? "g5", cultureInfo ?? CultureInfo.InvariantCulture, newLine ?? Environment.NewLine, NumberOfElements > PrintThreshold);
            return text.Append(newLine ?? Environment.NewLine).Append(ToString()).ToString();
        }

        public Tensor print(string? fltFormat = "g5", int? width = null, string? newLine = null)
        {
            Console.WriteLine(str(fltFormat, width, newLine));
            return this;
        }

        private static void Append(
            StringBuilder text, double[] values, long[] shape, int dim, long offset, string format, CultureInfo culture, string newLine, bool cut)
        {
            if (dim == shape.Length)
            {
                text.Append(values[offset].ToString(format, culture));
                return;
            }

            long stride = 1;
            for (int i = dim + 1; i < shape.Length; i++)
            {
                stride *= shape[i];
            }

            text.Append('[');
            for (long i = 0; i < shape[dim]; i++)
            {
                if (i > 0)
                {
                    text.Append(dim == shape.Length - 1 ? ", " : newLine + new string(' ', dim + 1));
                }

                if (cut && i == EdgeItems && shape[dim] > 2 * EdgeItems)
                {
                    text.Append("...");
                    i = shape[dim] - EdgeItems - 1;
                    continue;
                }

                Append(text, values, shape, dim + 1, offset + (i * stride), format, culture, newLine, cut);
            }

            text.Append(']');
        }
    }
}
