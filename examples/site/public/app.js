const clock = document.querySelector("#clock");

function tick() {
  clock.textContent = new Date().toLocaleTimeString();
}

tick();
setInterval(tick, 1000);
