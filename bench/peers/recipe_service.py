"""The recipe's web service as its article has it: a DataFrame per request, predict and then predict_proba.

RECIPE_MODEL=DIR uvicorn recipe_service:app   (DIR as train_recipe.py --save leaves it)
"""

import os
from pathlib import Path

import joblib
import pandas as pd
from fastapi import FastAPI
from pydantic import create_model

directory = Path(os.environ["RECIPE_MODEL"])
model = joblib.load(directory / "model.joblib")
scaler = joblib.load(directory / "scaler.joblib")

inputs = [f"V{number}" for number in range(1, 29)] + ["Amount"]
Transaction = create_model("Transaction", **{name: (float, ...) for name in inputs})

app = FastAPI(title="Credit card fraud detection")


@app.post("/predict/")
async def predict(transaction: Transaction):
    frame = pd.DataFrame([transaction.model_dump()])
    scaled = scaler.transform(frame)
    prediction = model.predict(scaled)
    probability = model.predict_proba(scaled)[:, 1]
    return {"fraud_prediction": int(prediction[0]), "probability": float(probability[0])}
