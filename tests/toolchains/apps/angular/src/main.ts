import { Component } from '@angular/core';
import { bootstrapApplication } from '@angular/platform-browser';
import { show } from './page.js';

@Component({ selector: 'app-root', template: '<main>Angular</main>' })
class App {
  constructor() {
    void show();
  }
}

void bootstrapApplication(App);
